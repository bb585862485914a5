// Gets a batch into the target, except for what the target refuses.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>

#include "base/status.h"
#include "change/change.h"
#include "change/connector.h"
#include "engine/dead_letters.h"
#include "engine/ledger.h"
#include "engine/parking_lot.h"
#include "engine/worker_spec.h"
#include "engine/worker_stats.h"

namespace regear {

// Changes on their way into the target.
struct PendingBatch {
  ChangeBatch changes;
  Position skip;  // changes up to here are in the target already
  // Refused changes whose clients want to know.
  std::vector<AckMessage> failed;
  // An order of the rows mattered: they are written one by one.
  bool in_order = false;
};

// Refused rows are set aside, safely in Redis, before the others are
// committed without them:
//
//   data that no table like this takes    dead letter
//   foreign key without its row           parked; a dead letter in the end
//   unique value of another row           the batch once more, change by
//                                         change in their order; what is still
//                                         refused then is a dead letter
//
// Used by the committer's thread only.
class BatchWriter {
 public:
  // All pointers must outlive the writer.
  BatchWriter(const WorkerSpec* spec, Connector* connector, DeadLetters* dead,
              ParkingLot* lot, WorkerStats* stats);

  // OK: everything is in the target or set aside. `next` was written if
  // something is in the target; `*moved` tells. After a failure `batch` is
  // what is left to be written.
  Status Write(PendingBatch* batch, const Checkpoint& next, bool* moved);

  // The same for all parked rows. `gives_up` says, by the Unix time in ms
  // since which a row waits, whether it has waited long enough.
  using GivesUp = std::function<bool(uint64_t since_ms)>;
  Status WriteParked(const Checkpoint& next, const GivesUp& gives_up,
                     PendingBatch* batch, bool* moved);

  // `batch` turned out to be in the target already.
  void NoteWritten(const PendingBatch& batch);

  // Moves the changes of parked rows behind those.
  Status HoldParked(PendingBatch* batch);

 private:
  using Keys = std::unordered_set<std::string>;

  // `expired`: null, or the parked rows that are to be given up.
  Status WriteRest(PendingBatch* batch, const Checkpoint& next,
                   const Keys* expired, Keys* released, bool* moved);
  FoldedBatch FoldAll(const PendingBatch& batch) const;
  Status SetRowAside(const RefusedRow& refused, const FoldedBatch& folded,
                     const Keys* expired, PendingBatch* batch, Keys* released);
  Status ParkRow(const Row& row, const std::string& reason,
                 PendingBatch* batch);
  Status AddDeadLetter(const SetAside& row);
  SetAside Describe(const RefusedRow& refused, const FoldedBatch& folded,
                    const PendingBatch& batch) const;
  // Whether `change` was folded into `row`.
  bool IsOf(const Row& row, const Change& change,
            const PendingBatch& batch) const;
  void Remove(const Row& row, const std::string& error, PendingBatch* batch);

  const WorkerSpec& spec_;
  Connector* const connector_;
  DeadLetters* const dead_;
  ParkingLot* const lot_;
  WorkerStats* const stats_;
};

// The name of the stream on which the client of `change` waits.
std::string AckStream(const Change& change);

}  // namespace regear
