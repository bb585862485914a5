#include "engine/through_lane.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/fail_point.h"
#include "base/log.h"
#include "engine/resume_point.h"

namespace regear {

namespace {

using std::chrono::steady_clock;

constexpr int kMaxClaims = 16;

bool AnyConflict(const std::vector<RefusedRow>& refused) {
  return std::any_of(refused.begin(), refused.end(), [](const RefusedRow& row) {
    return row.kind == StatusCode::kConflict;
  });
}

}  // namespace

ThroughLane::ThroughLane(Parts parts)
    : parts_(std::move(parts)),
      spec_(*parts_.spec),
      backoff_(spec_.drain.retry_interval) {}

Checkpoint ThroughLane::Next(Position position, std::string journal) const {
  const Lease& lease = *parts_.lease;
  return {lease.epoch, lease.epoch_id, position, lease.fence,
          std::move(journal)};
}

Result<ClaimedLane> ThroughLane::Claim() {
  Connector& connector = *parts_.connector;
  REGEAR_RETURN_IF_ERROR(connector.Open());
  open_ = true;
  if (!connector.keeps_checkpoint()) return ClaimedLane();
  for (int attempt = 0; attempt < kMaxClaims; ++attempt) {
    auto stored = connector.LoadCheckpoint();
    if (!stored.ok()) return stored.status();
    const Checkpoint found = stored->value_or(Checkpoint());
    if (found.fence > parts_.lease->fence) return Conflict(found);
    const bool same_life = found.epoch_id == parts_.lease->epoch_id;
    auto journal = DecodeJournal(found.journal);
    if (!journal.ok()) return journal.status();
    ClaimedLane claimed{.position = {}, .journal = *std::move(journal)};
    if (same_life) {
      claimed.position = found.position;
      // The module has the jobs themselves still. With the token it notes that
      // they are applied: another life is not to apply them once more.
      claimed.journal.parts = 0;
      claimed.journal.words.clear();
    }
    const Checkpoint next = Next(claimed.position, found.journal);
    const Status moved =
        connector.Write(FoldedBatch(spec_.mapping.cells()), next).status;
    if (moved.code() == StatusCode::kFenced) continue;  // a write that was late
    if (!moved.ok()) return moved;
    base_ = next;
    return claimed;
  }
  return Status(StatusCode::kRetry, "the checkpoint does not stand still");
}

void ThroughLane::Run() {
  while (!Done()) {
    if (finishing_ && !group_ && !committed_) return;
    if (!parts_.lease->valid()) return;
    const Status status = Step();
    if (!status.ok() && !Done()) Pause(status);
  }
}

Status ThroughLane::Step() {
  if (committed_ && finishing_) {
    const auto applied = parts_.source->Confirm(*committed_);
    if (!applied.ok()) return applied.status();
    OnConfirmed(*applied);
    return Status::Ok();
  }
  if (!open_ && steady_clock::now() >= open_at_) {
    Status status = Reopen();
    if (!status.ok() && status.code() != StatusCode::kStop) return status;
    if (!status.ok()) {
      parts_.stats->OnFailure(WorkerState::kStopped, status);
      stopped_ = status;
      open_at_ = steady_clock::now() + spec_.drain.retry_interval;
    }
  }
  if (group_ && open_) return WriteGroup();
  if (group_ && !attempted_) return RefuseGroup(stopped_);
  return ReadGroup();
}

Status ThroughLane::Reopen() {
  REGEAR_RETURN_IF_ERROR(parts_.connector->Open());
  auto stored = parts_.connector->LoadCheckpoint();
  if (!stored.ok()) return stored.status();
  REGEAR_RETURN_IF_ERROR(Adopt(*std::move(stored)));
  open_ = true;
  backoff_.Reset();
  parts_.stats->OnReady();
  return Status::Ok();
}

Status ThroughLane::Adopt(std::optional<Checkpoint> stored) {
  if (stored && stored->fence > parts_.lease->fence) return Conflict(*stored);
  const bool written = stored && stored == attempted_;
  base_ = std::move(stored);
  attempted_.reset();
  if (written && group_) OnWritten();
  return Status::Ok();
}

Status ThroughLane::ReadGroup() {
  if (group_) {  // in doubt, and nobody can be asked
    return Status(StatusCode::kRetry, stopped_.message(), stopped_.hint());
  }
  REGEAR_FAIL_POINT("before-confirm");
  // Others wait for the rows of that group, and it may be long until the next.
  auto read = parts_.source->Exchange(
      committed_,
      [this](const StreamPositions& applied) { OnConfirmed(applied); });
  parts_.stats->OnSource(read.status());
  if (!read.ok()) return read.status();
  backoff_.Reset();
  if (read->empty()) return open_ ? ClearJournal() : Status::Ok();
  group_ = Group();
  group_->changes = *std::move(read);
  group_->last = group_->changes.changes().back().position;
  return Status::Ok();
}

void ThroughLane::OnConfirmed(const StreamPositions& applied) {
  committed_.reset();
  if (spec_.gate) spec_.gate->Mark(written_, applied);
  written_ = ChangeBatch();
  ReleaseRows();
}

bool ThroughLane::HoldRows() {
  if (!spec_.gate || !held_.empty()) return true;
  std::vector<std::string> rows;
  for (const Change& change : group_->changes.changes()) {
    rows.emplace_back(change.key);
  }
  const auto ends = [this] { return Done() || !parts_.lease->valid(); };
  if (!spec_.gate->Hold(rows, ends)) return false;
  held_ = std::move(rows);
  return true;
}

void ThroughLane::ReleaseRows() {
  if (!held_.empty()) spec_.gate->Release(std::exchange(held_, {}));
}

// Every round but the last takes a job out or turns to writing in order.
Status ThroughLane::WriteGroup() {
  while (group_) {
    FoldedBatch folded =
        Fold(group_->changes, spec_.mapping,
             group_->in_order ? FoldMode::kEveryChange : FoldMode::kLastState);
    if (folded.empty()) {
      group_.reset();
      ReleaseRows();
      return Status::Ok();
    }
    if (!HoldRows()) return Status::Ok();
    if (group_->in_order) folded.set_in_order();
    const std::string token =
        parts_.lease->epoch_id + ":" + group_->last.ToString();
    attempted_ = Next(group_->last, EncodeJournal(token, group_->changes));
    if (!parts_.lease->valid()) return Status::Ok();
    REGEAR_FAIL_POINT("before-write");
    const auto start = steady_clock::now();
    const WriteReport report = parts_.connector->Write(folded, *attempted_);
    REGEAR_FAIL_POINT("after-write");
    if (report.status.ok()) {
      parts_.stats->OnWrite(folded.changes(), folded.size(),
                            steady_clock::now() - start);
      base_ = std::exchange(attempted_, std::nullopt);
    }
    if (!report.refused.empty()) {
      attempted_.reset();
      const bool in_order = !group_->in_order && !report.status.ok() &&
                            AnyConflict(report.refused);
      if (in_order) {
        group_->in_order = true;
      } else {
        REGEAR_RETURN_IF_ERROR(RefuseRows(folded, report.refused));
      }
      if (!report.status.ok()) continue;
    }
    if (report.status.ok()) {
      OnWritten();
      return Status::Ok();
    }
    if (report.status.code() == StatusCode::kStop) {
      attempted_.reset();  // it was rolled back
      open_ = false;
      parts_.stats->OnFailure(WorkerState::kStopped, report.status);
      return RefuseGroup(report.status);
    }
    open_ = false;
    return report.status;
  }
  return Status::Ok();
}

void ThroughLane::OnWritten() {
  committed_ = CommittedGroup{
      group_->last, parts_.lease->epoch_id + ":" + group_->last.ToString()};
  written_ = std::move(group_->changes);
  group_.reset();
}

Status ThroughLane::RefuseRows(const FoldedBatch& folded,
                               const std::vector<RefusedRow>& refused) {
  for (const RefusedRow& row : refused) {
    const std::string_view key = folded.row(row.row).key;
    const Position last = folded.row(row.row).last;
    std::vector<Position> changes;
    for (const Change& change : group_->changes.changes()) {
      if (group_->in_order ? change.position == last : change.key == key) {
        changes.push_back(change.position);
      }
    }
    for (const Position change : changes) {
      REGEAR_RETURN_IF_ERROR(RefuseUnitOf(change, row.reason));
    }
  }
  return Status::Ok();
}

Status ThroughLane::RefuseUnitOf(Position change, const std::string& reason) {
  Position first, last;
  bool found = false;
  for (const Change& each : group_->changes.changes()) {
    if (!each.continues_unit) {
      if (found) break;
      first = each.position;
    }
    last = each.position;
    found = found || each.position == change;
  }
  if (!found) return Status::Ok();  // it went with another of its unit
  parts_.stats->OnRefused(reason);
  REGEAR_RETURN_IF_ERROR(parts_.source->Refuse(last, reason));
  group_->changes.RemoveIf([&](const Change& each) {
    return each.position >= first && each.position <= last;
  });
  return Status::Ok();
}

Status ThroughLane::RefuseGroup(const Status& why) {
  while (group_ && !group_->changes.empty()) {
    REGEAR_RETURN_IF_ERROR(
        RefuseUnitOf(group_->changes[0].position, why.message()));
  }
  group_.reset();
  ReleaseRows();
  return Status::Ok();
}

// Once Redis has what it tells of, it is of no use; and the keys may change
// without us from now on.
Status ThroughLane::ClearJournal() {
  if (!base_ || base_->journal.empty()) return Status::Ok();
  attempted_ = Next(base_->position, "");
  Status status =
      parts_.connector->Write(FoldedBatch(spec_.mapping.cells()), *attempted_)
          .status;
  if (!status.ok()) {
    open_ = false;
    return status;
  }
  base_ = std::exchange(attempted_, std::nullopt);
  return Status::Ok();
}

Status ThroughLane::Conflict(const Checkpoint& found) {
  if (parts_.on_conflict) parts_.on_conflict(found);
  ended_ = true;
  Status why = FencedBy(found.fence);
  Log(LogLevel::kWarning, spec_.name + ": " + why.message());
  parts_.stats->OnFailure(WorkerState::kStopped, why);
  return why;
}

void ThroughLane::Pause(const Status& status) {
  if (status.code() == StatusCode::kFenced ||
      status.code() == StatusCode::kCancelled) {
    ended_ = !parts_.lease->valid() || aborted_;
  }
  if (!open_) parts_.stats->OnFailure(WorkerState::kRetrying, status);
  const auto until = steady_clock::now() + backoff_.Next();
  MutexLock lock(&mutex_);
  while (!hurried_ && !aborted_ && woken_.WaitUntil(&mutex_, until)) {
  }
  hurried_ = false;
}

void ThroughLane::Finish() {
  finishing_ = true;
  Hurry();
}

void ThroughLane::Abort() {
  aborted_ = true;
  Hurry();
}

void ThroughLane::Hurry() {
  MutexLock lock(&mutex_);
  hurried_ = true;
  woken_.NotifyAll();
}

}  // namespace regear
