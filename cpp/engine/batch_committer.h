// The writing half of a drain worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "change/change.h"
#include "change/connector.h"
#include "change/event_source.h"
#include "engine/backoff.h"
#include "engine/change_buffer.h"
#include "engine/lease.h"
#include "engine/worker_spec.h"
#include "engine/worker_stats.h"

namespace regear {

// Called when a target's checkpoint has a newer fence than our lease.
using FenceConflict = std::function<void(const Checkpoint& found)>;

// Takes batches from a buffer and writes each in one transaction, in order. A
// batch that fails is tried again for ever, and nothing behind it is written:
//
//   target away, commit in doubt  reopen, look at the checkpoint, try again
//   an operator has to act        the same, each retry interval
//   the target refuses rows       the same with later changes folded in, one
//                                 of which, or an ALTER TABLE, may release it
//   another host took over        read the checkpoint: go on from it if its
//                                 fence is not newer than ours, else end
//
// Changes are acknowledged after they are in the target.
class BatchCommitter {
 public:
  // All pointers must outlive the committer.
  BatchCommitter(const WorkerSpec* spec, Connector* connector,
                 EventSource* source, std::shared_ptr<const Lease> lease,
                 ChangeBuffer* buffer, WorkerStats* stats,
                 FenceConflict on_conflict);

  // Until the buffer is closed or drained, or the right to write is lost. The
  // body of a thread.
  void Run();

  // The oldest change taken from the buffer and not in the target. Safe to
  // call from any thread.
  std::optional<Position> oldest();

 private:
  // Changes on their way into the target.
  struct Batch {
    ChangeBatch changes;  // as they are to be written
    ChangeBatch raw;      // behind those, the transform still to be applied
    Position last;
    size_t size() const { return changes.size() + raw.size(); }
    size_t bytes() const { return changes.bytes() + raw.bytes(); }
  };

  // One round: open, take or write. False ends Run.
  bool Step();
  bool HasLease();

  // Opens the connector and finds out where the target stands.
  Status Reopen();
  Status Adopt(std::optional<Checkpoint> stored);
  void StartFrom(std::optional<Checkpoint> stored);

  void TakeBatch();
  void DoIdleWork();
  bool CommitBatch();
  Status TransformBatch();
  bool WriteBatch(const FoldedBatch& folded);
  void FinishBatch(size_t changes);
  // Folds what has arrived meanwhile into a refused batch.
  void AbsorbArrivals();

  // Shows the failure in the status and waits before the next attempt.
  void Fail(const Status& status, bool writing);
  Status DescribeRefusal(const WriteReport& report,
                         const FoldedBatch& folded) const;
  void Acknowledge();
  void End(const Status& why);
  void SetOldest(std::optional<Position> oldest);

  const WorkerSpec& spec_;
  Connector* const connector_;
  EventSource* const source_;
  const std::shared_ptr<const Lease> lease_;
  ChangeBuffer* const buffer_;
  WorkerStats* const stats_;
  const FenceConflict on_conflict_;

  Backoff backoff_;
  bool open_ = false;
  bool started_ = false;                 // base_ and skip_ are known
  bool ended_ = false;                   // the right to write is lost
  bool refused_ = false;                 // batch_ was, at the last attempt
  std::optional<Checkpoint> base_;       // last known to be in the target
  std::optional<Checkpoint> attempted_;  // of the last write of batch_
  Position skip_;  // changes up to here are in the target already
  std::optional<Batch> batch_;
  Position to_acknowledge_;
  Position acknowledged_;

  Mutex mutex_;
  std::optional<Position> oldest_ REGEAR_GUARDED_BY(mutex_);
};

}  // namespace regear
