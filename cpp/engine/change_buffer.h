// Where the reader of a stream and the committer of its changes meet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/thread_annotations.h"
#include "change/change.h"
#include "engine/worker_spec.h"

namespace regear {

// Holds what was read ahead, up to one maximal batch and one read more. Each
// chunk pushed is one or more whole units and is never cut. The reader, the
// committer and any number of controlling threads use it at the same time.
class ChangeBuffer {
 public:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;

  explicit ChangeBuffer(const DrainOptions& options) : options_(options) {}

  // --- the reader ---

  struct Order {
    std::optional<Position> seek;  // continue behind it, then read
    uint64_t ticket = 0;           // to Push with what is read
  };
  // Waits until there is room, after the first Seek. Nothing once closed.
  std::optional<Order> WaitForOrder();
  // Drops `chunk` if a Seek came since the order.
  void Push(ChangeBatch chunk, uint64_t ticket);
  // Waits for more to come; ends early for Close, Seek, Hurry and
  // StartDraining.
  void Linger(Milliseconds time);
  // Waits after a failure; ends early for Close and Seek.
  void PauseReader(Milliseconds time);

  // --- the committer ---

  // Forgets everything read so far and has the reader start behind `after`.
  void Seek(Position after);
  // Waits until a commit is due and returns all that may go with it. Empty if
  // nothing was pending at `until` or when draining started, and once closed.
  ChangeBatch Take(Clock::time_point until);
  // Waits; ends early for Close.
  void PauseCommitter(Milliseconds time);
  void SetDrained();

  // --- control ---

  // Both sides are to end as soon as they can.
  void Close();
  bool closed();
  // Commits start at once from now on, until nothing is left.
  void StartDraining();
  bool draining();
  // Commits start at once, a pause of the committer ends, until EndHurry.
  void Hurry();
  void EndHurry();
  bool hurried();
  // Waits for SetDrained or Close; true if drained.
  bool WaitUntilDrained(Clock::time_point deadline);

  std::optional<Position> oldest();

 private:
  struct Chunk {
    ChangeBatch changes;
    Clock::time_point arrived;
  };

  bool Full() const REGEAR_REQUIRES(mutex_) {
    return changes_ >= options_.max_batch || bytes_ >= options_.max_batch_bytes;
  }
  // When the pending changes are to be committed.
  Clock::time_point Due() const REGEAR_REQUIRES(mutex_);
  std::vector<ChangeBatch> Pop(size_t changes, size_t bytes, bool at_least_one)
      REGEAR_REQUIRES(mutex_);

  const DrainOptions options_;
  Mutex mutex_;
  CondVar reader_;
  CondVar committer_;
  CondVar drained_changed_;
  std::deque<Chunk> chunks_ REGEAR_GUARDED_BY(mutex_);
  size_t changes_ REGEAR_GUARDED_BY(mutex_) = 0;  // in chunks_
  size_t bytes_ REGEAR_GUARDED_BY(mutex_) = 0;
  std::optional<Position> seek_ REGEAR_GUARDED_BY(mutex_);
  uint64_t ticket_ REGEAR_GUARDED_BY(mutex_) = 0;  // of the last Seek; 0: none
  bool closed_ REGEAR_GUARDED_BY(mutex_) = false;
  bool draining_ REGEAR_GUARDED_BY(mutex_) = false;
  bool hurried_ REGEAR_GUARDED_BY(mutex_) = false;
  uint64_t hurries_ REGEAR_GUARDED_BY(mutex_) = 0;  // calls of Hurry
  bool drained_ REGEAR_GUARDED_BY(mutex_) = false;
};

}  // namespace regear
