// How long to wait before trying again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace regear {

// Doubles from 100 ms up to a limit. Each wait is drawn between half of that
// and all of it, so that many workers do not return to a database at once.
class Backoff {
 public:
  using Duration = std::chrono::milliseconds;
  static constexpr Duration kFirst{100};

  explicit Backoff(Duration limit, uint32_t seed = std::random_device()())
      : limit_(std::max(limit, Duration(1))), random_(seed) {}

  Duration Next() {
    const Duration step = std::min(step_, limit_);
    step_ = std::min(step_ * 2, std::max(limit_, kFirst));
    std::uniform_int_distribution<Duration::rep> between((step.count() + 1) / 2,
                                                         step.count());
    return Duration(between(random_));
  }

  // After a success.
  void Reset() { step_ = kFirst; }

 private:
  const Duration limit_;
  Duration step_ = kFirst;
  std::minstd_rand random_;
};

}  // namespace regear
