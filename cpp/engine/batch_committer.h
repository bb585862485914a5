// The writing half of a drain worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/change.h"
#include "change/connector.h"
#include "change/event_source.h"
#include "engine/backoff.h"
#include "engine/batch_writer.h"
#include "engine/change_buffer.h"
#include "engine/dead_letters.h"
#include "engine/lease.h"
#include "engine/ledger.h"
#include "engine/parking_lot.h"
#include "engine/transformer.h"
#include "engine/worker_spec.h"
#include "engine/worker_stats.h"

namespace regear {

// What the committer tells others.
struct CommitterEvents {
  // A target's checkpoint has a newer fence than our lease.
  std::function<void(const Checkpoint& found)> on_conflict;
  // Redis lost changes that the target has; the reason is for people.
  std::function<void(const std::string& reason)> on_lost_tail;
  // Whether all changes of this host's streams that were captured before
  // `unix_ms` have been dealt with.
  std::function<bool(uint64_t unix_ms)> all_passed;
};

// Takes batches from a buffer and writes each in one transaction, in order. A
// batch that fails is tried again for ever, and nothing behind it is written:
//
//   target away, commit in doubt  reopen, look at the checkpoint, try again
//   an operator has to act        the same, each retry interval
//   the target refuses rows       they are set aside (engine/batch_writer.h)
//   another host took over        read the checkpoint: go on from it if its
//                                 fence is not newer than ours, else end
//
// When a batch is in the target clients are told, then the stream is trimmed.
class BatchCommitter {
 public:
  // All pointers must outlive the committer.
  BatchCommitter(const WorkerSpec* spec, Connector* connector,
                 EventSource* source, Ledger* ledger,
                 std::shared_ptr<const Lease> lease, ChangeBuffer* buffer,
                 WorkerStats* stats, CommitterEvents events);

  // Until the buffer is closed or drained, or the right to write is lost. The
  // body of a thread.
  void Run();

  // The oldest change taken from the buffer and not in the target. Safe to
  // call from any thread.
  std::optional<Position> oldest();
  // Up to where the stream was dealt with. Safe to call from any thread.
  Position passed();

 private:
  struct Batch {
    PendingBatch pending;
    ChangeBatch raw;  // behind it, the transform still to be applied
    Position last;
  };

  // One round: open, take or write. False ends Run.
  bool Step();
  bool HasLease();

  // Opens the connector and finds out where the target stands.
  Status Reopen();
  Status Adopt(std::optional<Checkpoint> stored);
  Status StartFrom(std::optional<Checkpoint> stored);

  void TakeBatch();
  std::chrono::steady_clock::time_point Patience();
  void DoIdleWork();
  bool IsDrained();
  void CommitBatch();
  // Writes the batch in hand while nobody writes its rows through.
  Status WriteGated(const Checkpoint& next, bool* moved);
  void CommitParked();
  Status TransformBatch();
  Checkpoint Next(Position position) const;
  void FinishBatch();
  void CollectAcks(const PendingBatch& batch);

  // Shows the failure in the status and waits before the next attempt.
  void Fail(const Status& status, bool writing);
  void Acknowledge();
  Status TryAcknowledge();
  void End(const Status& why);
  void SetOldest(std::optional<Position> oldest);

  const WorkerSpec& spec_;
  Connector* const connector_;
  EventSource* const source_;
  Ledger* const ledger_;
  const std::shared_ptr<const Lease> lease_;
  ChangeBuffer* const buffer_;
  WorkerStats* const stats_;
  const CommitterEvents events_;

  Backoff backoff_;
  DeadLetters dead_;
  ParkingLot lot_;
  BatchWriter writer_;
  Transformer transformer_;
  bool open_ = false;
  bool started_ = false;                 // base_ and skip_ are known
  bool ended_ = false;                   // the right to write is lost
  std::optional<Checkpoint> base_;       // last known to be in the target
  std::optional<Checkpoint> attempted_;  // of the last write of batch_
  Position skip_;  // changes up to here are in the target already
  std::optional<Batch> batch_;
  std::vector<AckMessage> acks_;  // to be sent before the stream is trimmed
  Position to_acknowledge_;
  Position acknowledged_;

  Mutex mutex_;
  std::optional<Position> oldest_ REGEAR_GUARDED_BY(mutex_);
  Position passed_ REGEAR_GUARDED_BY(mutex_);
};

}  // namespace regear
