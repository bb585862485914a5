// Reads the changes of one change stream in order.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "change/change.h"
#include "change/event_source.h"
#include "redis/connection.h"

namespace regear {

// Keeps its place across connections. Used by one thread.
class StreamReader {
 public:
  // `confirm`, if not empty, is a command that is sent behind each read, over
  // the same connection: where it fails, what was read is dropped and its
  // error is returned.
  explicit StreamReader(std::string stream,
                        std::vector<std::string> confirm = {})
      : stream_(std::move(stream)), confirm_(std::move(confirm)) {}

  // Continues behind `after`.
  void Seek(Position after);

  // As EventSource::Read. A fetch of exactly as many entries as were asked
  // for may end inside a unit. It is held back until the next fetch has shown
  // where that unit ends, so up to twice `limits.max_changes` are in memory.
  // After a failure the place is unchanged and nothing is lost.
  Result<ChangeBatch> Read(Connection* connection, const ReadLimits& limits);

 private:
  // XREAD of up to `count` entries. With `continued`, entries that go on with
  // its last unit are appended to it, all others become pending_.
  Status Fetch(Connection* connection, size_t count,
               std::chrono::milliseconds wait, ChangeBatch* continued);
  // Reads the reply of the command that confirms.
  Status Confirm(Connection* connection) const;
  void AppendRead(Connection* connection, size_t count,
                  std::chrono::milliseconds wait) const;

  std::string stream_;
  std::vector<std::string> confirm_;
  Position place_;             // of the newest entry fetched
  ChangeBatch pending_;        // fetched and not returned yet
  bool pending_full_ = false;  // the last unit fetched may go on
};

}  // namespace regear
