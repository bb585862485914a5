#include "engine/drain_worker.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "engine/thread.h"

namespace regear {

namespace {

std::optional<Position> Older(std::optional<Position> a,
                              std::optional<Position> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

uint64_t UnixMilliseconds() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
}

}  // namespace

DrainWorker::DrainWorker(WorkerSpec spec, WorkerParts parts)
    : spec_(std::move(spec)),
      parts_(std::move(parts)),
      buffer_(spec_.drain),
      feeder_(spec_.drain, parts_.source.get(), &buffer_, &stats_),
      committer_(&spec_, parts_.connector.get(), parts_.source.get(),
                 parts_.lease, &buffer_, &stats_, parts_.on_conflict) {
  try {
    feeder_thread_ = StartThread("regear-read", [this] { feeder_.Run(); });
    committer_thread_ =
        StartThread("regear-commit", [this] { committer_.Run(); });
  } catch (const std::system_error&) {  // the process has too many threads
    Stop(false, {});
    throw;
  }
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
  MutexLock lock(&join_mutex_);
  if (feeder_thread_.joinable()) feeder_thread_.join();
  if (committer_thread_.joinable()) committer_thread_.join();
  return drained;
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
  inputs.now_ms = UnixMilliseconds();
  inputs.now = std::chrono::steady_clock::now();
  return stats_.ToJson(inputs);
}

}  // namespace regear
