// Changes that wait for a row of another table.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "change/change.h"
#include "engine/backoff.h"
#include "engine/ledger.h"

namespace regear {

// A row whose foreign key points nowhere is parked, and later changes of its
// key behind it, so that the rows of other keys go on. Everything parked is
// also in Redis before the checkpoint moves past it. Used by the committer's
// thread only.
class ParkingLot {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ParkingLot(Ledger* ledger);

  // Takes over what was parked earlier; does nothing once it has succeeded.
  Status Load();

  bool empty() const { return parked_.empty(); }
  size_t size() const { return parked_.size(); }
  // Changes beyond this bound wait in the stream instead.
  bool full() const { return parked_.size() >= kMaxChanges; }
  bool Holds(std::string_view key) const {
    return !rows_.empty() && rows_.contains(std::string(key));
  }

  // OK means that it is safe to go on without the change.
  Status Park(SetAside change);

  // When the parked changes are to be tried again.
  Clock::time_point due() const { return due_; }
  void Defer();

  // All parked changes in order, with memory of their own.
  ChangeBatch Changes() const;
  // Unix time in ms since which the row of `key` waits.
  uint64_t WaitsSince(std::string_view key) const;
  // The rows of `keys` are in the target, or dead letters.
  Status Release(const std::unordered_set<std::string>& keys);

 private:
  struct Parked {
    SetAside change;
    std::string entry;  // id on the shelf
  };
  struct Row {
    size_t changes = 0;
    uint64_t since_ms = 0;
  };

  static constexpr size_t kMaxChanges = 10'000;

  void Keep(SetAside change, std::string entry, uint64_t since_ms);

  Ledger* const ledger_;
  bool loaded_ = false;
  std::deque<Parked> parked_;  // in the order in which they were captured
  std::unordered_map<std::string, Row> rows_;  // by key
  Backoff backoff_;
  Clock::time_point due_ = Clock::time_point::max();
};

}  // namespace regear
