#include "engine/through_worker.h"

#include <string_view>
#include <utility>

#include "base/unix_time.h"
#include "engine/backoff.h"
#include "engine/thread.h"

namespace regear {

namespace {

// Larger groups would only make the first of their clients wait.
constexpr size_t kMaxGroup = 1000;

void AppendClaimed(size_t number, const ClaimedLane& lane,
                   std::vector<std::string>* words) {
  words->push_back(std::to_string(number));
  words->push_back(lane.position.ToString());
  words->push_back(lane.journal.token);
  words->push_back(std::to_string(lane.journal.parts));
  words->insert(words->end(), lane.journal.words.begin(),
                lane.journal.words.end());
}

}  // namespace

ThroughWorker::ThroughWorker(WorkerSpec spec, Parts parts)
    : spec_(std::move(spec)),
      link_(parts.link),
      lease_(std::move(parts.lease)) {
  for (size_t i = 0; i < parts.connectors.size(); ++i) {
    ThroughLane::Parts lane;
    lane.spec = &spec_;
    lane.connector = std::move(parts.connectors[i]);
    lane.lease = lease_;
    lane.source = std::make_unique<ThroughSource>(link_, lease_, &cancellation_,
                                                  spec_.name, i, kMaxGroup);
    lane.stats = &stats_;
    lane.on_conflict = parts.on_conflict;
    lanes_.push_back(std::make_unique<ThroughLane>(std::move(lane)));
  }
  starter_ = StartThread("regear-through", [this] { Run(); });
}

ThroughWorker::~ThroughWorker() {
  Abort();
  Stop(false, {});
  lanes_.clear();
  if (joined_) spec_.gate->Part();
}

// Until the lanes are recovered; they run in threads of their own then.
void ThroughWorker::Run() {
  // Here, as it may have to wait.
  if (spec_.gate) spec_.gate->Join();
  joined_ = spec_.gate != nullptr;
  Backoff backoff(spec_.drain.retry_interval);
  while (lease_->valid()) {
    const Status status = Recover();
    MutexLock lock(&mutex_);
    if (stopping_) return;
    if (status.ok()) {
      stats_.OnReady();
      for (const auto& lane : lanes_) {
        threads_.push_back(
            StartThread("regear-lane", [this, each = lane.get()] {
              each->Run();
              MutexLock ended(&mutex_);
              --running_;
              changed_.NotifyAll();
            }));
        ++running_;
      }
      return;
    }
    if (status.code() == StatusCode::kFenced) return;
    const bool stop = status.code() == StatusCode::kStop;
    stats_.OnFailure(stop ? WorkerState::kStopped : WorkerState::kConnecting,
                     status);
    const auto until = std::chrono::steady_clock::now() +
                       (stop ? spec_.drain.retry_interval : backoff.Next());
    while (!stopping_ && changed_.WaitUntil(&mutex_, until)) {
    }
    if (stopping_) return;
  }
}

Status ThroughWorker::Recover() {
  std::vector<std::string> words = {spec_.name, std::to_string(lanes_.size())};
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const auto claimed = lanes_[i]->Claim();
    if (!claimed.ok()) return claimed.status();
    AppendClaimed(i, *claimed, &words);
  }
  const std::vector<std::string_view> views(words.begin(), words.end());
  return link_->Ask(*lease_, "RECOVER", views).status();
}

void ThroughWorker::Abort() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (const auto& lane : lanes_) lane->Abort();
  cancellation_.Cancel();
}

void ThroughWorker::Hurry() {
  for (const auto& lane : lanes_) lane->Hurry();
}

bool ThroughWorker::Stop(bool, Milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (const auto& lane : lanes_) lane->Finish();
  bool finished = false;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
    while (running_ > 0 && changed_.WaitUntil(&mutex_, until)) {
    }
    finished = running_ == 0;
  }
  Abort();
  MutexLock join(&join_mutex_);
  if (starter_.joinable()) starter_.join();
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  return finished;
}

std::string ThroughWorker::StatusJson() {
  StatusInputs inputs;
  inputs.now_ms = UnixMilliseconds();
  inputs.now = std::chrono::steady_clock::now();
  return stats_.ToJson(inputs);
}

}  // namespace regear
