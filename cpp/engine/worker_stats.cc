#include "engine/worker_stats.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace regear {

namespace {

constexpr std::chrono::seconds kWindow{1};

nlohmann::json TextOrNull(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

uint64_t LagMs(const StatusInputs& inputs) {
  if (!inputs.oldest || inputs.oldest->major >= inputs.now_ms) return 0;
  return inputs.now_ms - inputs.oldest->major;
}

}  // namespace

void RateMeter::Advance(TimePoint now) {
  const auto age = now - window_start_;
  if (age < kWindow) return;
  previous_ = age < 2 * kWindow ? current_ : 0;
  current_ = 0;
  window_start_ = age < 2 * kWindow ? window_start_ + kWindow : now;
}

void RateMeter::Add(uint64_t events, TimePoint now) {
  Advance(now);
  current_ += events;
}

double RateMeter::PerSecond(TimePoint now) {
  Advance(now);
  const double elapsed =
      std::chrono::duration<double>(now - window_start_).count();
  return static_cast<double>(current_) +
         static_cast<double>(previous_) * (1.0 - elapsed);
}

void WorkerStats::OnCommit(uint64_t changes, TimePoint now) {
  MutexLock lock(&mutex_);
  state_ = WorkerState::kRunning;
  target_ = Status::Ok();
  applied_ += changes;
  ++batches_;
  rate_.Add(changes, now);
}

void WorkerStats::OnReady() {
  MutexLock lock(&mutex_);
  state_ = WorkerState::kRunning;
  target_ = Status::Ok();
}

void WorkerStats::OnFailure(WorkerState state, const Status& status) {
  MutexLock lock(&mutex_);
  state_ = state;
  target_ = status;
  ++retries_;
}

void WorkerStats::OnSource(const Status& status) {
  MutexLock lock(&mutex_);
  source_ = status;
}

std::string_view WorkerStats::StateName() const {
  switch (state_) {
    case WorkerState::kConnecting:
      return "connecting";
    case WorkerState::kRunning:
      if (source_.ok()) return "running";
      return source_.code() == StatusCode::kStop ? "stopped" : "connecting";
    case WorkerState::kRetrying:
      return "retrying";
    case WorkerState::kRefused:
      return "refused";
    case WorkerState::kStopped:
      return "stopped";
  }
  return "";
}

std::string WorkerStats::ToJson(const StatusInputs& inputs) {
  MutexLock lock(&mutex_);
  const Status& shown = target_.ok() ? source_ : target_;
  const nlohmann::json status = {
      {"state", StateName()},
      {"applied", applied_},
      {"batches", batches_},
      {"retries", retries_},
      {"rate", std::round(rate_.PerSecond(inputs.now) * 10) / 10},
      {"lag_ms", LagMs(inputs)},
      {"backlog", inputs.backlog},
      {"last_error", TextOrNull(shown.message())},
      {"hint", TextOrNull(shown.hint())},
  };
  // Messages may quote keys, which are any bytes.
  return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace regear
