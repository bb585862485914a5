// The right to write, as long as the module confirms it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace regear {

// Shared by the host link, which extends or ends it, and by the workers, which
// ask before each commit. Safe to use from any thread.
class Lease {
 public:
  using Clock = std::chrono::steady_clock;

  Lease(uint64_t fence, uint64_t epoch, std::string epoch_id,
        Clock::time_point until)
      : fence(fence),
        epoch(epoch),
        epoch_id(std::move(epoch_id)),
        until_(until.time_since_epoch().count()) {}

  const uint64_t fence;
  const uint64_t epoch;        // number of the life of the data set
  const std::string epoch_id;  // its random id, in hex

  // By our own clock, so a thread that could not renew in time does not go on
  // writing when another host may hold the lease. Once false it stays false.
  bool valid() const {
    Ticks until = until_.load();
    if (Clock::now().time_since_epoch().count() < until) return true;
    // Another thread that extends it at this moment wins or learns of this.
    return !until_.compare_exchange_strong(until, kLost) && until != kLost;
  }

  // False if the lease has ended.
  bool Extend(Clock::time_point until) {
    Ticks before = until_.load();
    return before != kLost && until_.compare_exchange_strong(
                                  before, until.time_since_epoch().count());
  }

  void Lose() { until_ = kLost; }

 private:
  using Ticks = Clock::rep;
  static constexpr Ticks kLost = std::numeric_limits<Ticks>::min();

  mutable std::atomic<Ticks> until_;
};

}  // namespace regear
