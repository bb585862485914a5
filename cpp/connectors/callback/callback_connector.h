// Hands folded batches to the recipe's own code.
#pragma once

#include <functional>
#include <optional>

#include "base/status.h"
#include "change/connector.h"
#include "change/fold.h"

namespace regear {

// Batches arrive at least once: there is no checkpoint where the code writes.
// An exception that leaves the code is kRetry. The code is called from the
// worker's thread, inside Write. It never sees rows whose key does not match
// the key template: those are refused before.
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
  std::function<WriteReport(const FoldedBatch&)> write_;
};

}  // namespace regear
