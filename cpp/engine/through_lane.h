// One of the lanes in which a host writes what clients wait for.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "change/connector.h"
#include "engine/backoff.h"
#include "engine/lease.h"
#include "engine/through_journal.h"
#include "engine/through_source.h"
#include "engine/worker_spec.h"
#include "engine/worker_stats.h"

namespace regear {

// Where the lane of the host before was left.
struct ClaimedLane {
  Position position;       // jobs up to here are in the target
  ThroughJournal journal;  // its last group; no words if Redis has it still
};

// Takes a group of jobs from the module, writes it in one transaction, says
// so, and takes the next one. The transaction also moves the lane's checkpoint
// and stores what the group makes of its keys:
//
//   commit in doubt       reopen, look at the checkpoint, try again
//   target refuses a row  the job's client is told, the others are written
//   an operator must act  the clients are told, and it is tried again later
//   target away           nothing is taken from the module meanwhile
//   Redis has crashed     the journal tells the next host what it must apply
//
// The module never has two jobs of one key handed over, in any lane.
class ThroughLane {
 public:
  struct Parts {
    const WorkerSpec* spec = nullptr;
    std::unique_ptr<Connector> connector;
    std::shared_ptr<const Lease> lease;
    std::unique_ptr<ThroughSource> source;
    WorkerStats* stats = nullptr;
    // The target's checkpoint has a newer fence than our lease.
    std::function<void(const Checkpoint& found)> on_conflict;
  };

  explicit ThroughLane(Parts parts);
  ~ThroughLane() { ReleaseRows(); }
  ThroughLane(const ThroughLane&) = delete;
  ThroughLane& operator=(const ThroughLane&) = delete;

  // Opens the target and makes sure that no host with an older lease can write
  // in this lane any more. Once, before Run.
  Result<ClaimedLane> Claim();

  // Until Finish, Abort or the loss of the lease. The body of a thread.
  void Run();

  // Run is to end when the group in hand is written and confirmed. Safe to
  // call from any thread.
  void Finish();
  // Run is to end as soon as it can. Safe to call from any thread.
  void Abort();
  // A pause after a failure ends. Safe to call from any thread.
  void Hurry();

 private:
  struct Group {
    ChangeBatch changes;
    Position last;
    bool in_order = false;
  };

  // Until the module has applied the group in hand.
  bool HoldRows();
  void ReleaseRows();
  bool Done() const { return aborted_ || ended_; }
  Status Step();
  // Opens the target and settles what was in doubt.
  Status Reopen();
  Status Adopt(std::optional<Checkpoint> stored);
  Status WriteGroup();
  Status ReadGroup();
  void OnConfirmed(const StreamPositions& applied);
  // Tells the clients of the jobs to which the rows belong, and takes these
  // jobs out of the group.
  Status RefuseRows(const FoldedBatch& folded,
                    const std::vector<RefusedRow>& refused);
  Status RefuseUnitOf(Position change, const std::string& reason);
  Status RefuseGroup(const Status& why);
  void OnWritten();
  Status ClearJournal();
  Checkpoint Next(Position position, std::string journal) const;
  Status Conflict(const Checkpoint& found);
  void Pause(const Status& status);

  const Parts parts_;
  const WorkerSpec& spec_;
  Backoff backoff_;
  bool open_ = false;
  bool ended_ = false;  // the right to write is lost
  Status stopped_;      // why an operator must act before it can be opened
  std::chrono::steady_clock::time_point open_at_;  // not earlier
  std::optional<Checkpoint> base_;       // last known to be in the target
  std::optional<Checkpoint> attempted_;  // of a write whose outcome is unknown
  std::optional<Group> group_;           // in hand
  std::optional<CommittedGroup> committed_;  // the module does not know yet
  ChangeBatch written_;                      // by that group
  std::vector<std::string> held_;            // rows of the gate

  std::atomic<bool> finishing_ = false;
  std::atomic<bool> aborted_ = false;
  Mutex mutex_;
  CondVar woken_;
  bool hurried_ REGEAR_GUARDED_BY(mutex_) = false;
};

}  // namespace regear
