// A change stream of a Redis server as a source of changes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "change/event_source.h"
#include "engine/worker_spec.h"
#include "redis/connection.h"
#include "redis/stream_reader.h"

namespace regear {

// What is done to a stream through somebody else's connection. Called from
// any thread.
struct StreamControl {
  // Removes all entries up to the position.
  std::function<Status(const std::string& stream, Position)> trim;
  std::function<Result<Backlog>(const std::string& stream)> backlog;
};

// Reads over a connection of its own, which each Seek opens anew.
class RedisEventSource : public EventSource {
 public:
  RedisEventSource(ConnectionOptions options, std::string stream,
                   StreamControl control,
                   CommitAfter commit_after = CommitAfter::kReceived);

  Status Seek(Position after) override;
  Result<ChangeBatch> Read(const ReadLimits& limits) override;
  Status Ack(Position position) override;
  Result<Backlog> GetBacklog() override;

 private:
  // Until what was read has reached the disk or a replica of Redis.
  Status WaitUntilSafe();

  const ConnectionOptions options_;
  const std::string stream_;
  const StreamControl control_;
  const CommitAfter commit_after_;
  StreamReader reader_;
  std::unique_ptr<Connection> connection_;
};

// The length of `stream` and its first id, over `connection`.
Result<Backlog> ReadBacklog(Connection* connection, const std::string& stream);

}  // namespace regear
