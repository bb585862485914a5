#include "engine/change_buffer.h"

#include <algorithm>
#include <utility>

namespace regear {

namespace {

ChangeBatch Merge(std::vector<ChangeBatch> chunks) {
  ChangeBatch merged;
  for (ChangeBatch& chunk : chunks) {
    if (merged.empty()) {
      merged = std::move(chunk);
    } else {
      merged.Append(std::move(chunk));
    }
  }
  return merged;
}

}  // namespace

std::optional<ChangeBuffer::Order> ChangeBuffer::WaitForOrder() {
  MutexLock lock(&mutex_);
  while (!closed_ && !seek_ && (ticket_ == 0 || Full())) {
    reader_.Wait(&mutex_);
  }
  if (closed_) return std::nullopt;
  return Order{std::exchange(seek_, std::nullopt), ticket_};
}

void ChangeBuffer::Push(ChangeBatch chunk, uint64_t ticket) {
  MutexLock lock(&mutex_);
  if (chunk.empty() || closed_ || ticket != ticket_) return;
  changes_ += chunk.size();
  bytes_ += chunk.bytes();
  chunks_.push_back({std::move(chunk), Clock::now()});
  committer_.NotifyAll();
}

void ChangeBuffer::Linger(Milliseconds time) {
  const auto until = Clock::now() + time;
  MutexLock lock(&mutex_);
  while (!closed_ && !seek_ && !draining_ && !hurried_ &&
         reader_.WaitUntil(&mutex_, until)) {
  }
}

void ChangeBuffer::PauseReader(Milliseconds time) {
  const auto until = Clock::now() + time;
  MutexLock lock(&mutex_);
  while (!closed_ && !seek_ && reader_.WaitUntil(&mutex_, until)) {
  }
}

void ChangeBuffer::Seek(Position after) {
  MutexLock lock(&mutex_);
  chunks_.clear();
  changes_ = bytes_ = 0;
  seek_ = after;
  ++ticket_;
  reader_.NotifyAll();
}

ChangeBuffer::Clock::time_point ChangeBuffer::Due() const {
  if (draining_ || hurried_ || changes_ >= options_.batch || Full()) {
    return Clock::time_point::min();
  }
  // The rest is for the commit itself.
  return chunks_.front().arrived + options_.duration * 3 / 4;
}

ChangeBatch ChangeBuffer::Take(Clock::time_point until) {
  std::vector<ChangeBatch> taken;
  {
    MutexLock lock(&mutex_);
    const bool was_draining = draining_;
    while (!closed_) {
      if (chunks_.empty() && draining_ != was_draining) break;
      const auto wake = chunks_.empty() ? until : Due();
      if (wake <= Clock::now()) break;
      committer_.WaitUntil(&mutex_, wake);
    }
    if (closed_) return {};
    taken = Pop(options_.max_batch, options_.max_batch_bytes, true);
  }
  return Merge(std::move(taken));
}

std::vector<ChangeBatch> ChangeBuffer::Pop(size_t changes, size_t bytes,
                                           bool at_least_one) {
  std::vector<ChangeBatch> taken;
  size_t taken_changes = 0, taken_bytes = 0;
  while (!chunks_.empty()) {
    ChangeBatch& chunk = chunks_.front().changes;
    taken_changes += chunk.size();
    taken_bytes += chunk.bytes();
    const bool fits = taken_changes <= changes && taken_bytes <= bytes;
    if (!fits && (!at_least_one || !taken.empty())) break;
    changes_ -= chunk.size();
    bytes_ -= chunk.bytes();
    taken.push_back(std::move(chunk));
    chunks_.pop_front();
  }
  if (!taken.empty()) reader_.NotifyAll();
  return taken;
}

void ChangeBuffer::PauseCommitter(Milliseconds time) {
  const auto until = Clock::now() + time;
  MutexLock lock(&mutex_);
  const uint64_t hurries = hurries_;
  while (!closed_ && hurries_ == hurries &&
         committer_.WaitUntil(&mutex_, until)) {
  }
}

void ChangeBuffer::SetDrained() {
  MutexLock lock(&mutex_);
  drained_ = true;
  drained_changed_.NotifyAll();
}

void ChangeBuffer::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  reader_.NotifyAll();
  committer_.NotifyAll();
  drained_changed_.NotifyAll();
}

bool ChangeBuffer::closed() {
  MutexLock lock(&mutex_);
  return closed_;
}

void ChangeBuffer::StartDraining() {
  MutexLock lock(&mutex_);
  draining_ = true;
  reader_.NotifyAll();
  committer_.NotifyAll();
}

bool ChangeBuffer::draining() {
  MutexLock lock(&mutex_);
  return draining_;
}

void ChangeBuffer::Hurry() {
  MutexLock lock(&mutex_);
  hurried_ = true;
  ++hurries_;
  reader_.NotifyAll();
  committer_.NotifyAll();
}

void ChangeBuffer::EndHurry() {
  MutexLock lock(&mutex_);
  hurried_ = false;
}

bool ChangeBuffer::hurried() {
  MutexLock lock(&mutex_);
  return hurried_;
}

bool ChangeBuffer::WaitUntilDrained(Clock::time_point deadline) {
  MutexLock lock(&mutex_);
  while (!drained_ && !closed_ &&
         drained_changed_.WaitUntil(&mutex_, deadline)) {
  }
  return drained_;
}

std::optional<Position> ChangeBuffer::oldest() {
  MutexLock lock(&mutex_);
  if (chunks_.empty()) return std::nullopt;
  return chunks_.front().changes[0].position;
}

}  // namespace regear
