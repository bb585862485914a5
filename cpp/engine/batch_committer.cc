#include "engine/batch_committer.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/fail_point.h"
#include "base/log.h"
#include "base/unix_time.h"
#include "engine/resume_point.h"

namespace regear {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kIdle{1000};
constexpr milliseconds kAcknowledgeAgain{100};
constexpr milliseconds kDrainPoll{10};

}  // namespace

BatchCommitter::BatchCommitter(const WorkerSpec* spec, Connector* connector,
                               EventSource* source, Ledger* ledger,
                               std::shared_ptr<const Lease> lease,
                               ChangeBuffer* buffer, WorkerStats* stats,
                               CommitterEvents events)
    : spec_(*spec),
      connector_(connector),
      source_(source),
      ledger_(ledger),
      lease_(std::move(lease)),
      buffer_(buffer),
      stats_(stats),
      events_(std::move(events)),
      backoff_(spec->drain.retry_interval),
      dead_(ledger),
      lot_(ledger),
      writer_(spec, connector, &dead_, &lot_, stats),
      transformer_(&spec->transform, &dead_, stats) {}

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
  if (steady_clock::now() >= lot_.due()) {
    CommitParked();
    if (!open_) return true;
  }
  if (!batch_) TakeBatch();
  if (batch_) {
    CommitBatch();
  } else {
    DoIdleWork();
  }
  return true;
}

bool BatchCommitter::HasLease() {
  if (lease_->valid()) return true;
  End(Status(StatusCode::kFenced, "the lease on the Redis server is lost"));
  return false;
}

Status BatchCommitter::Reopen() {
  REGEAR_RETURN_IF_ERROR(dead_.Load());
  REGEAR_RETURN_IF_ERROR(lot_.Load());
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
    if (events_.on_conflict) events_.on_conflict(*stored);
    End(FencedBy(stored->fence));
    return FencedBy(stored->fence);
  }
  if (!started_) return StartFrom(std::move(stored));
  if (batch_ && stored && stored == attempted_) {
    base_ = std::move(stored);
    writer_.NoteWritten(batch_->pending);
    CollectAcks(batch_->pending);
    FinishBatch();
    return Status::Ok();
  }
  if (stored == base_) return Status::Ok();
  // An older host's last commit, or a target that was restored.
  return StartFrom(std::move(stored));
}

Status BatchCommitter::StartFrom(std::optional<Checkpoint> stored) {
  const auto epochs = ledger_->Epochs();
  if (!epochs.ok()) return epochs.status().Annotate("epochs");
  const ResumePoint resume = FindResumePoint(stored, *epochs, acknowledged_);
  if (!resume.lost_tail.empty()) {
    REGEAR_RETURN_IF_ERROR(ledger_->MarkReconciling(resume.lost_tail));
    Log(LogLevel::kWarning, spec_.name + ": " + resume.lost_tail);
    if (events_.on_lost_tail) events_.on_lost_tail(resume.lost_tail);
  }
  batch_.reset();
  attempted_.reset();
  base_ = std::move(stored);
  skip_ = resume.skip;
  SetOldest(std::nullopt);
  // From the first entry on: clients may not know yet of those to be skipped.
  buffer_->Seek(Position());
  started_ = true;
  return Status::Ok();
}

void BatchCommitter::TakeBatch() {
  ChangeBatch taken = buffer_->Take(Patience());
  if (taken.empty()) return;
  SetOldest(taken[0].position);
  const Position last = taken.changes().back().position;
  batch_.emplace();
  batch_->raw = std::move(taken);
  batch_->last = last;
  batch_->pending.skip = skip_;
  attempted_.reset();
}

// When something is to be done even though nothing arrives.
steady_clock::time_point BatchCommitter::Patience() {
  milliseconds patience = kIdle;
  if (to_acknowledge_ > acknowledged_) patience = kAcknowledgeAgain;
  if (buffer_->draining() || buffer_->hurried()) patience = kDrainPoll;
  return std::min(steady_clock::now() + patience, lot_.due());
}

void BatchCommitter::DoIdleWork() {
  Acknowledge();
  const bool draining = buffer_->draining();
  if ((!draining && !buffer_->hurried()) || !IsDrained()) return;
  buffer_->EndHurry();
  if (!draining) return;
  buffer_->SetDrained();
  buffer_->Close();
}

bool BatchCommitter::IsDrained() {
  if (to_acknowledge_ > acknowledged_ || !lot_.empty()) return false;
  const auto backlog = source_->GetBacklog();
  return backlog.ok() && backlog->changes == 0;
}

void BatchCommitter::CommitBatch() {
  Status status = TransformBatch();
  if (status.ok()) status = writer_.HoldParked(&batch_->pending);
  bool moved = false;
  if (status.ok() && HasLease()) {
    const Checkpoint next = Next(batch_->last);
    attempted_ = next;
    status = WriteGated(next, &moved);
    if (moved && connector_->keeps_checkpoint()) base_ = next;
  }
  if (ended_) return;
  if (!status.ok()) {
    Fail(status, true);
    return;
  }
  CollectAcks(batch_->pending);
  FinishBatch();
}

Status BatchCommitter::WriteGated(const Checkpoint& next, bool* moved) {
  PendingBatch& pending = batch_->pending;
  if (!spec_.gate) return writer_.Write(&pending, next, moved);
  std::vector<Change> hidden;
  const auto ends = [this] { return buffer_->closed() || !lease_->valid(); };
  if (!spec_.gate->Enter(spec_.stream, spec_.mapping, &pending.changes, &hidden,
                         ends)) {
    return Status(StatusCode::kRetry, "the worker ends");
  }
  for (const Change& change : hidden) {
    if (!change.ack.empty()) pending.failed.push_back({AckStream(change), ""});
  }
  Status status = writer_.Write(&pending, next, moved);
  spec_.gate->Leave(spec_.stream);
  return status;
}

// With the checkpoint where it is: parked changes are behind it already.
void BatchCommitter::CommitParked() {
  if (!HasLease()) return;
  const uint64_t grace =
      static_cast<uint64_t>(spec_.drain.retry_interval.count());
  const auto gives_up = [&](uint64_t since_ms) {
    const uint64_t until = since_ms + grace;
    return UnixMilliseconds() > until && events_.all_passed &&
           events_.all_passed(until);
  };
  PendingBatch parked;
  bool moved = false;
  const Checkpoint next = Next(base_ ? base_->position : skip_);
  const Status status = writer_.WriteParked(next, gives_up, &parked, &moved);
  if (moved && connector_->keeps_checkpoint()) base_ = next;
  lot_.Defer();
  stats_->OnParked(lot_.size());
  if (!moved) parked.changes = ChangeBatch();
  CollectAcks(parked);
  if (!status.ok()) Fail(status, true);
}

Status BatchCommitter::TransformBatch() {
  if (batch_->raw.empty()) return Status::Ok();
  REGEAR_RETURN_IF_ERROR(
      transformer_.Apply(&batch_->raw, &batch_->pending.failed));
  batch_->pending.changes = std::exchange(batch_->raw, {});
  return Status::Ok();
}

Checkpoint BatchCommitter::Next(Position position) const {
  return {lease_->epoch, lease_->epoch_id, position, lease_->fence};
}

void BatchCommitter::CollectAcks(const PendingBatch& batch) {
  for (const Change& change : batch.changes.changes()) {
    if (change.ack.empty()) continue;
    // Of those before the checkpoint only the letter tells how it ended.
    const bool failed =
        change.position <= batch.skip && dead_.Has(change.key, change.position);
    acks_.push_back({AckStream(change), failed ? "see the dead letter" : ""});
  }
  acks_.insert(acks_.end(), batch.failed.begin(), batch.failed.end());
}

void BatchCommitter::FinishBatch() {
  to_acknowledge_ = std::max(to_acknowledge_, batch_->last);
  batch_.reset();
  attempted_.reset();
  backoff_.Reset();
  stats_->OnReady();
  stats_->OnParked(lot_.size());
  SetOldest(std::nullopt);
  Acknowledge();
}

void BatchCommitter::Fail(const Status& status, bool writing) {
  open_ = false;
  if (ended_) return;  // its own message stays
  WorkerState state =
      writing ? WorkerState::kRetrying : WorkerState::kConnecting;
  milliseconds pause = backoff_.Next();
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
  const Status status = TryAcknowledge();
  if (status.code() == StatusCode::kFenced) End(status);
}

// Clients first: nobody knows of an ack once its change is trimmed.
Status BatchCommitter::TryAcknowledge() {
  if (!acks_.empty()) {
    REGEAR_FAIL_POINT("before-acks");
    REGEAR_RETURN_IF_ERROR(ledger_->Acknowledge(acks_));
    acks_.clear();
  }
  REGEAR_RETURN_IF_ERROR(dead_.RemoveSettled());
  if (to_acknowledge_ <= acknowledged_) return Status::Ok();
  REGEAR_FAIL_POINT("before-trim");
  REGEAR_RETURN_IF_ERROR(source_->Ack(to_acknowledge_));
  REGEAR_FAIL_POINT("after-trim");
  acknowledged_ = to_acknowledge_;
  if (spec_.gate) spec_.gate->Passed(spec_.stream, acknowledged_);
  MutexLock lock(&mutex_);
  passed_ = acknowledged_;
  return Status::Ok();
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

Position BatchCommitter::passed() {
  MutexLock lock(&mutex_);
  return passed_;
}

void BatchCommitter::SetOldest(std::optional<Position> oldest) {
  MutexLock lock(&mutex_);
  oldest_ = oldest;
}

}  // namespace regear
