#include "module/through_queue.h"

#include <vector>

namespace regear {

std::string ThroughQueue::PlaceOf(int db, std::string_view key) {
  return std::to_string(db).append(":").append(key);
}

void ThroughQueue::Add(const ThroughJobPtr& job) {
  ++live_;
  for (const ThroughPart& part : job->parts) {
    keys_[PlaceOf(*job, part)].push_back(job);
  }
  Advance(job);
}

void ThroughQueue::Advance(const ThroughJobPtr& job) {
  if (job->stage != ThroughJob::Stage::kWaiting) return;
  for (const ThroughPart& part : job->parts) {
    if (keys_[PlaceOf(*job, part)].front() != job) return;
  }
  job->stage = ThroughJob::Stage::kReady;
  ready_[job->registration].push_back(job);
  on_ready_(job->registration);
}

size_t ThroughQueue::CountReady(const std::string& registration) const {
  const auto ready = ready_.find(registration);
  return ready == ready_.end() ? 0 : ready->second.size();
}

ThroughJobPtr ThroughQueue::Take(const std::string& registration) {
  const auto ready = ready_.find(registration);
  while (ready != ready_.end() && !ready->second.empty()) {
    ThroughJobPtr job = std::move(ready->second.front());
    ready->second.pop_front();
    if (!job->cancelled) {
      job->stage = ThroughJob::Stage::kHanded;
      return job;
    }
    Finish(job);
  }
  return nullptr;
}

void ThroughQueue::PutBack(const ThroughJobPtr& job) {
  job->stage = ThroughJob::Stage::kReady;
  job->touched = false;
  ready_[job->registration].push_front(job);
  on_ready_(job->registration);
}

void ThroughQueue::Finish(const ThroughJobPtr& job) {
  if (job->stage == ThroughJob::Stage::kDone) return;  // it was cleared
  --(job->cancelled ? cancelled_ : live_);
  job->stage = ThroughJob::Stage::kDone;
  for (const ThroughPart& part : job->parts) {
    const auto jobs = keys_.find(PlaceOf(*job, part));
    jobs->second.pop_front();  // a job that leaves is the first one
    if (jobs->second.empty()) {
      keys_.erase(jobs);
    } else {
      const ThroughJobPtr next = jobs->second.front();
      Advance(next);
    }
  }
}

void ThroughQueue::Cancel(const ThroughJobPtr& job) {
  job->cancelled = true;
  --live_;
  if (++cancelled_ > kMaxCancelled && cancelled_ > live_) SweepCancelled();
}

// Their memory is not to wait for a database that hangs.
void ThroughQueue::SweepCancelled() {
  const auto drop = [](std::deque<ThroughJobPtr>* jobs) {
    std::erase_if(*jobs, [](const auto& job) { return job->cancelled; });
  };
  for (auto& [registration, jobs] : ready_) drop(&jobs);
  std::vector<ThroughJobPtr> first;
  for (auto it = keys_.begin(); it != keys_.end();) {
    drop(&it->second);
    if (it->second.empty()) {
      it = keys_.erase(it);
    } else {
      first.push_back((it++)->second.front());
    }
  }
  cancelled_ = 0;
  for (const ThroughJobPtr& job : first) Advance(job);
}

void ThroughQueue::Touch(int db, std::string_view key) {
  if (keys_.empty()) return;
  const auto jobs = keys_.find(PlaceOf(db, key));
  if (jobs == keys_.end()) return;
  ThroughJob* first = jobs->second.front().get();
  if (first->stage == ThroughJob::Stage::kHanded) first->touched = true;
}

void ThroughQueue::TouchAll() {
  for (const auto& [place, jobs] : keys_) {
    ThroughJob* first = jobs.front().get();
    if (first->stage == ThroughJob::Stage::kHanded) first->touched = true;
  }
}

void ThroughQueue::Clear() {
  for (const auto& [place, jobs] : keys_) {
    for (const auto& job : jobs) job->stage = ThroughJob::Stage::kDone;
  }
  keys_.clear();
  ready_.clear();
  live_ = 0;
  cancelled_ = 0;
}

}  // namespace regear
