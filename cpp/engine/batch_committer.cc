#include "engine/batch_committer.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace regear {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kIdle{1000};
constexpr milliseconds kAcknowledgeAgain{100};
constexpr milliseconds kDrainPoll{10};

Status FencedBy(uint64_t fence) {
  return Status(StatusCode::kFenced,
                "another host has written to the target with fence " +
                    std::to_string(fence) + ", this one stops");
}

}  // namespace

BatchCommitter::BatchCommitter(const WorkerSpec* spec, Connector* connector,
                               EventSource* source,
                               std::shared_ptr<const Lease> lease,
                               ChangeBuffer* buffer, WorkerStats* stats,
                               FenceConflict on_conflict)
    : spec_(*spec),
      connector_(connector),
      source_(source),
      lease_(std::move(lease)),
      buffer_(buffer),
      stats_(stats),
      on_conflict_(std::move(on_conflict)),
      backoff_(spec->drain.retry_interval) {}

void BatchCommitter::Run() {
  while (!ended_ && !buffer_->closed()) {
    try {
      if (!Step()) return;
    } catch (const std::exception& error) {
      Fail(Status(StatusCode::kRetry, error.what()), batch_.has_value());
    }
  }
}

bool BatchCommitter::Step() {
  if (!HasLease()) return false;
  if (!open_) {
    const Status status = Reopen();
    if (!status.ok()) {
      Fail(status, false);
      return true;
    }
  }
  if (batch_) return CommitBatch();
  TakeBatch();
  if (batch_) return CommitBatch();
  DoIdleWork();
  return true;
}

bool BatchCommitter::HasLease() {
  if (lease_->valid()) return true;
  End(Status(StatusCode::kFenced, "the lease on the Redis server is lost"));
  return false;
}

Status BatchCommitter::Reopen() {
  REGEAR_RETURN_IF_ERROR(connector_->Open());
  auto stored = connector_->LoadCheckpoint();
  if (!stored.ok()) return stored.status();
  REGEAR_RETURN_IF_ERROR(Adopt(*std::move(stored)));
  open_ = true;
  if (!batch_) {
    backoff_.Reset();
    stats_->OnReady();
  }
  return Status::Ok();
}

// What the target says decides what becomes of the batch in hand.
Status BatchCommitter::Adopt(std::optional<Checkpoint> stored) {
  if (stored && stored->fence > lease_->fence) {
    if (on_conflict_) on_conflict_(*stored);
    End(FencedBy(stored->fence));
    return FencedBy(stored->fence);
  }
  if (!started_) {
    StartFrom(std::move(stored));
  } else if (batch_ && stored && stored == attempted_) {
    base_ = std::move(stored);
    FinishBatch(batch_->changes.size());
  } else if (stored != base_) {
    // An older host's last commit, or a target that was restored.
    batch_.reset();
    StartFrom(std::move(stored));
  }
  return Status::Ok();
}

void BatchCommitter::StartFrom(std::optional<Checkpoint> stored) {
  base_ = std::move(stored);
  attempted_.reset();
  refused_ = false;
  // Ids are only comparable within one life of the data set.
  const bool comparable = base_ && base_->epoch_id == lease_->epoch_id;
  skip_ = comparable ? base_->position : Position();
  to_acknowledge_ = std::max(to_acknowledge_, skip_);
  SetOldest(std::nullopt);
  buffer_->Seek(skip_);
  started_ = true;
}

void BatchCommitter::TakeBatch() {
  milliseconds patience = kIdle;
  if (to_acknowledge_ > acknowledged_) patience = kAcknowledgeAgain;
  if (buffer_->draining() || buffer_->hurried()) patience = kDrainPoll;
  ChangeBatch taken = buffer_->Take(steady_clock::now() + patience);
  if (taken.empty()) return;
  SetOldest(taken[0].position);
  const Position last = taken.changes().back().position;
  batch_ = Batch{{}, std::move(taken), last};
  attempted_.reset();
  refused_ = false;
}

void BatchCommitter::DoIdleWork() {
  Acknowledge();
  const bool draining = buffer_->draining();
  if (!draining && !buffer_->hurried()) return;
  if (to_acknowledge_ > acknowledged_) return;
  const auto backlog = source_->GetBacklog();
  if (!backlog.ok() || backlog->changes > 0) return;
  buffer_->EndHurry();
  if (!draining) return;
  buffer_->SetDrained();
  buffer_->Close();
}

bool BatchCommitter::CommitBatch() {
  if (refused_) AbsorbArrivals();
  if (const Status status = TransformBatch(); !status.ok()) {
    Fail(status, true);
    return true;
  }
  const FoldedBatch folded =
      Fold(batch_->changes, spec_.mapping, spec_.fold, skip_);
  if (!folded.empty()) return WriteBatch(folded);
  FinishBatch(0);
  return true;
}

Status BatchCommitter::TransformBatch() {
  if (batch_->raw.empty()) return Status::Ok();
  if (spec_.transform) {
    REGEAR_RETURN_IF_ERROR(spec_.transform(&batch_->raw));
  }
  if (batch_->changes.empty()) {
    batch_->changes = std::exchange(batch_->raw, {});
  } else {
    batch_->changes.Append(std::exchange(batch_->raw, {}));
  }
  return Status::Ok();
}

bool BatchCommitter::WriteBatch(const FoldedBatch& folded) {
  if (!HasLease()) return false;
  const Checkpoint next{lease_->epoch, lease_->epoch_id, batch_->last,
                        lease_->fence};
  attempted_ = next;
  const WriteReport report = connector_->Write(folded, next);
  if (report.status.ok()) {
    if (connector_->keeps_checkpoint()) base_ = next;
    FinishBatch(folded.changes());
    return true;
  }
  refused_ = report.status.code() == StatusCode::kReject;
  Fail(refused_ ? DescribeRefusal(report, folded) : report.status, true);
  return true;
}

void BatchCommitter::FinishBatch(size_t changes) {
  to_acknowledge_ = std::max(to_acknowledge_, batch_->last);
  batch_.reset();
  attempted_.reset();
  refused_ = false;
  backoff_.Reset();
  stats_->OnCommit(changes, steady_clock::now());
  SetOldest(std::nullopt);
  Acknowledge();
}

void BatchCommitter::AbsorbArrivals() {
  const DrainOptions& limits = spec_.drain;
  if (batch_->size() >= limits.max_batch ||
      batch_->bytes() >= limits.max_batch_bytes) {
    return;
  }
  ChangeBatch arrived =
      buffer_->TakeUpTo(limits.max_batch - batch_->size(),
                        limits.max_batch_bytes - batch_->bytes());
  if (arrived.empty()) return;
  batch_->last = arrived.changes().back().position;
  batch_->raw.Append(std::move(arrived));
}

Status BatchCommitter::DescribeRefusal(const WriteReport& report,
                                       const FoldedBatch& folded) const {
  std::string message = report.status.message();
  if (!report.refused.empty()) {
    const RefusedRow& first = report.refused.front();
    message =
        std::string(folded.row(first.row).key) + " is refused: " + first.reason;
    if (report.refused.size() > 1) {
      message +=
          " (and " + std::to_string(report.refused.size() - 1) + " more rows)";
    }
  }
  const std::string& hint = report.status.hint();
  return Status(StatusCode::kReject, message,
                hint.empty()
                    ? "correct the key in Redis or alter the table: it is "
                      "tried again by itself, and nothing is lost meanwhile"
                    : hint);
}

void BatchCommitter::Fail(const Status& status, bool writing) {
  open_ = false;
  if (ended_) return;  // its own message stays
  WorkerState state =
      writing ? WorkerState::kRetrying : WorkerState::kConnecting;
  milliseconds pause = backoff_.Next();
  if (status.code() == StatusCode::kReject) state = WorkerState::kRefused;
  if (status.code() == StatusCode::kStop) {
    state = WorkerState::kStopped;
    pause = spec_.drain.retry_interval;
  }
  stats_->OnFailure(state, status);
  buffer_->PauseCommitter(pause);
}

// A failure is no harm: the next one repeats it, and what is in the target
// already is skipped.
void BatchCommitter::Acknowledge() {
  if (to_acknowledge_ <= acknowledged_) return;
  const Status status = source_->Ack(to_acknowledge_);
  if (status.ok()) {
    acknowledged_ = to_acknowledge_;
  } else if (status.code() == StatusCode::kFenced) {
    End(status);
  }
}

void BatchCommitter::End(const Status& why) {
  ended_ = true;
  Log(LogLevel::kWarning, spec_.name + ": " + why.message());
  stats_->OnFailure(WorkerState::kStopped, why);
  buffer_->Close();
}

std::optional<Position> BatchCommitter::oldest() {
  MutexLock lock(&mutex_);
  return oldest_;
}

void BatchCommitter::SetOldest(std::optional<Position> oldest) {
  MutexLock lock(&mutex_);
  oldest_ = oldest;
}

}  // namespace regear
