// What a drain worker tells about itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "change/position.h"

namespace regear {

enum class WorkerState { kConnecting, kRunning, kRetrying, kStopped };

// How often values fell between bounds, as Prometheus counts them.
class Histogram {
 public:
  // Ascending upper bounds; values above the last one are counted too.
  explicit Histogram(std::vector<double> bounds)
      : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

  void Add(double value);
  // {"bounds": […], "counts": […], "sum": n}; counts has one more.
  nlohmann::json ToJson() const;

 private:
  std::vector<double> bounds_;
  std::vector<uint64_t> counts_;
  double sum_ = 0;
};

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
  // {"reason", "keys", "rows_without_key"} while it reconciles, else null.
  nlohmann::json reconcile;
  uint64_t backlog = 0;            // entries in the stream
  std::optional<Position> oldest;  // change that is not in the target
  uint64_t now_ms = 0;             // Unix time, as in stream ids
  std::chrono::steady_clock::time_point now;
};

// Safe to use from any thread.
class WorkerStats {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  WorkerStats();

  // `changes` were folded into `rows` and written in so much time.
  void OnWrite(uint64_t changes, uint64_t rows,
               std::chrono::steady_clock::duration took);
  void OnDeadLetter(const std::string& what);
  void OnRefused(const std::string& why);  // a write for which a client waits
  void OnParked(uint64_t changes);         // that wait now
  // The target is open and nothing waits to be tried again.
  void OnReady();
  // An attempt failed. The failure is shown until OnWrite or OnReady.
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
  uint64_t folded_ REGEAR_GUARDED_BY(mutex_) = 0;  // changes that others hid
  uint64_t dead_lettered_ REGEAR_GUARDED_BY(mutex_) = 0;
  uint64_t parked_ REGEAR_GUARDED_BY(mutex_) = 0;
  uint64_t refused_ REGEAR_GUARDED_BY(mutex_) = 0;
  std::string last_refusal_ REGEAR_GUARDED_BY(mutex_);
  std::string last_dead_letter_ REGEAR_GUARDED_BY(mutex_);
  Histogram batch_size_ REGEAR_GUARDED_BY(mutex_);
  Histogram commit_seconds_ REGEAR_GUARDED_BY(mutex_);
  RateMeter rate_ REGEAR_GUARDED_BY(mutex_);
};

}  // namespace regear
