// What a drain worker tells about itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "change/position.h"

namespace regear {

enum class WorkerState { kConnecting, kRunning, kRetrying, kRefused, kStopped };

// Events per second over the last second.
class RateMeter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Add(uint64_t events, TimePoint now);
  double PerSecond(TimePoint now);

 private:
  void Advance(TimePoint now);

  TimePoint window_start_;
  uint64_t current_ = 0;   // events in the window that began at window_start_
  uint64_t previous_ = 0;  // events in the one before it
};

// Numbers that come from outside when the status is written.
struct StatusInputs {
  uint64_t backlog = 0;            // entries in the stream
  std::optional<Position> oldest;  // change that is not in the target
  uint64_t now_ms = 0;             // Unix time, as in stream ids
  std::chrono::steady_clock::time_point now;
};

// Safe to use from any thread.
class WorkerStats {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void OnCommit(uint64_t changes, TimePoint now);
  // The target is open and nothing waits to be tried again.
  void OnReady();
  // An attempt failed. The failure is shown until OnCommit or OnReady.
  void OnFailure(WorkerState state, const Status& status);
  // Of reading the stream; ok clears it.
  void OnSource(const Status& status);

  // JSON as in docs/host-link.md.
  std::string ToJson(const StatusInputs& inputs);

 private:
  std::string_view StateName() const REGEAR_REQUIRES(mutex_);

  Mutex mutex_;
  WorkerState state_ REGEAR_GUARDED_BY(mutex_) = WorkerState::kConnecting;
  Status target_ REGEAR_GUARDED_BY(mutex_);
  Status source_ REGEAR_GUARDED_BY(mutex_);
  uint64_t applied_ REGEAR_GUARDED_BY(mutex_) = 0;
  uint64_t batches_ REGEAR_GUARDED_BY(mutex_) = 0;
  uint64_t retries_ REGEAR_GUARDED_BY(mutex_) = 0;
  RateMeter rate_ REGEAR_GUARDED_BY(mutex_);
};

}  // namespace regear
