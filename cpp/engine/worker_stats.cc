#include "engine/worker_stats.h"

#include <algorithm>
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

void Histogram::Add(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  ++counts_[static_cast<size_t>(bound - bounds_.begin())];
  sum_ += value;
}

nlohmann::json Histogram::ToJson() const {
  return {{"bounds", bounds_}, {"counts", counts_}, {"sum", sum_}};
}

WorkerStats::WorkerStats()
    : batch_size_({1, 10, 100, 500, 1000, 2000, 5000, 10000, 50000}),
      commit_seconds_(
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30}) {}

void WorkerStats::OnWrite(uint64_t changes, uint64_t rows,
                          std::chrono::steady_clock::duration took) {
  MutexLock lock(&mutex_);
  state_ = WorkerState::kRunning;
  target_ = Status::Ok();
  applied_ += changes;
  folded_ += changes - rows;
  ++batches_;
  rate_.Add(changes, std::chrono::steady_clock::now());
  batch_size_.Add(static_cast<double>(changes));
  commit_seconds_.Add(std::chrono::duration<double>(took).count());
}

void WorkerStats::OnDeadLetter(const std::string& what) {
  MutexLock lock(&mutex_);
  ++dead_lettered_;
  last_dead_letter_ = what;
}

void WorkerStats::OnRefused(const std::string& why) {
  MutexLock lock(&mutex_);
  ++refused_;
  last_refusal_ = why;
}

void WorkerStats::OnParked(uint64_t changes) {
  MutexLock lock(&mutex_);
  parked_ = changes;
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
    case WorkerState::kStopped:
      return "stopped";
  }
  return "";
}

std::string WorkerStats::ToJson(const StatusInputs& inputs) {
  MutexLock lock(&mutex_);
  const Status& shown = target_.ok() ? source_ : target_;
  const bool reconciling =
      !inputs.reconcile.is_null() && StateName() == "running";
  const nlohmann::json status = {
      {"state", reconciling ? "reconciling" : StateName()},
      {"applied", applied_},
      {"batches", batches_},
      {"retries", retries_},
      {"rate", std::round(rate_.PerSecond(inputs.now) * 10) / 10},
      {"lag_ms", LagMs(inputs)},
      {"backlog", inputs.backlog},
      {"folded", folded_},
      {"dead_lettered", dead_lettered_},
      {"last_dead_letter", TextOrNull(last_dead_letter_)},
      {"refused", refused_},
      {"last_refusal", TextOrNull(last_refusal_)},
      {"parked", parked_},
      {"batch_size", batch_size_.ToJson()},
      {"commit_seconds", commit_seconds_.ToJson()},
      {"reconcile", inputs.reconcile},
      {"last_error", TextOrNull(shown.message())},
      {"hint", TextOrNull(shown.hint())},
  };
  // Messages may quote keys, which are any bytes.
  return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace regear
