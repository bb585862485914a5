#include "engine/drain_worker.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/unix_time.h"
#include "engine/thread.h"

namespace regear {

namespace {

std::optional<Position> Older(std::optional<Position> a,
                              std::optional<Position> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

DrainWorker::DrainWorker(WorkerSpec spec, WorkerParts parts)
    : spec_(std::move(spec)),
      parts_(std::move(parts)),
      buffer_(spec_.drain),
      feeder_(spec_.drain, parts_.source.get(), &buffer_, &stats_),
      committer_(&spec_, parts_.connector.get(), parts_.source.get(),
                 parts_.ledger.get(), parts_.lease, &buffer_, &stats_,
                 MakeEvents(parts_.events)) {
  if (parts_.reconcile) {
    reconciler_ = std::make_unique<Reconciler>(
        &spec_, *parts_.reconcile, [this] { return committer_.passed(); });
  }
  try {
    if (reconciler_) reconciler_->Start(spec_.lost_tail);
    feeder_thread_ = StartThread("regear-read", [this] { feeder_.Run(); });
    committer_thread_ =
        StartThread("regear-commit", [this] { committer_.Run(); });
  } catch (const std::system_error&) {  // the process has too many threads
    Stop(false, {});
    throw;
  }
}

CommitterEvents DrainWorker::MakeEvents(const CommitterEvents& events) {
  CommitterEvents own = events;
  own.on_lost_tail = [this](const std::string& reason) {
    if (reconciler_) reconciler_->Start(reason);
  };
  return own;
}

DrainWorker::~DrainWorker() { Stop(false, {}); }

void DrainWorker::Abort() {
  buffer_.Close();
  if (parts_.cancellation) parts_.cancellation->Cancel();
}

bool DrainWorker::Stop(bool drain, Milliseconds timeout) {
  bool drained = !drain;
  if (drain) {
    buffer_.StartDraining();
    drained =
        buffer_.WaitUntilDrained(std::chrono::steady_clock::now() + timeout);
  }
  Abort();
  if (reconciler_) reconciler_->Stop();
  MutexLock lock(&join_mutex_);
  if (feeder_thread_.joinable()) feeder_thread_.join();
  if (committer_thread_.joinable()) committer_thread_.join();
  return drained;
}

bool DrainWorker::HasPassed(uint64_t unix_ms) {
  const auto oldest = Older(committer_.oldest(), buffer_.oldest());
  if (oldest) return oldest->major > unix_ms;
  const auto backlog = parts_.source->GetBacklog();
  if (!backlog.ok()) return false;
  return !backlog->oldest || backlog->oldest->major > unix_ms;
}

std::string DrainWorker::StatusJson() {
  StatusInputs inputs;
  inputs.oldest = Older(committer_.oldest(), buffer_.oldest());
  const auto backlog = parts_.source->GetBacklog();
  {
    MutexLock lock(&mutex_);
    if (backlog.ok()) known_backlog_ = backlog->changes;
    inputs.backlog = known_backlog_;
  }
  if (reconciler_) inputs.reconcile = reconciler_->Progress();
  inputs.now_ms = UnixMilliseconds();
  inputs.now = std::chrono::steady_clock::now();
  return stats_.ToJson(inputs);
}

}  // namespace regear
