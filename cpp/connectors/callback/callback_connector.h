// Hands folded batches to the recipe's own code.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "change/fold.h"

namespace regear {

// Batches arrive at least once: there is no checkpoint where the code writes.
// An exception that leaves the code is kRetry. When a batch has failed three
// times in the same way it is handed over in parts, in order, and a row that
// fails alone three times is refused; the report is then OK, as all other
// rows are written. While every row fails the target itself is thought to be
// away; so it is for a while when a batch has one row only. The code is called
// from the worker's thread, inside Write. It never sees rows whose key does not
// match the key template: those are refused.
class CallbackConnector : public Connector {
 public:
  // For code that takes or refuses a batch as a whole.
  explicit CallbackConnector(std::function<Status(const FoldedBatch&)> write);
  // For code that can name the rows it refuses.
  explicit CallbackConnector(
      std::function<WriteReport(const FoldedBatch&)> write);

  Status Open() override { return Status::Ok(); }
  WriteReport Write(const FoldedBatch& batch,
                    const Checkpoint& checkpoint) override;
  Result<std::optional<Checkpoint>> LoadCheckpoint() override {
    return std::optional<Checkpoint>();
  }
  bool keeps_checkpoint() const override { return false; }

 private:
  // What is known of a batch while it is handed over in parts.
  struct Parts {
    std::vector<RefusedRow> refused;
    size_t accepted = 0;
    Status gave_up;  // all rows fail
  };

  WriteReport Call(const FoldedBatch& batch);
  WriteReport WriteInParts(const FoldedBatch& batch, Status whole);
  // Rows [first, first + count) of `batch`.
  void WritePart(const FoldedBatch& batch, size_t first, size_t count,
                 Parts* parts);

  std::function<WriteReport(const FoldedBatch&)> write_;
  std::string message_;                                  // of the last failure
  int failures_ = 0;                                     // in a row, all alike
  std::chrono::steady_clock::time_point first_failure_;  // of those
};

}  // namespace regear
