// A change stream of a Redis server as a source of changes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

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
  // Opens the connection to read from; empty: any.
  std::function<Result<std::unique_ptr<Connection>>(const Cancellation*)> open;
  // Sent over that connection behind each read: fails unless we still hold
  // the lease there. A change that is read is then known to be of the life of
  // the data set that the lease is for.
  std::vector<std::string> confirm;
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
