// In which order writes that wait for their database go to it: those of one
// key one after another, all others whenever somebody takes them.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "module/through_job.h"

namespace regear {

// Main thread only.
class ThroughQueue {
 public:
  // `on_ready` is called with the registration of each job that may go.
  explicit ThroughQueue(std::function<void(const std::string&)> on_ready)
      : on_ready_(std::move(on_ready)) {}

  size_t size() const { return live_; }  // neither finished nor cancelled

  void Add(const ThroughJobPtr& job);
  bool HasReady(const std::string& registration) const {
    return CountReady(registration) > 0;
  }
  size_t CountReady(const std::string& registration) const;
  // The next one that may go, from now on handed over; null: there is none.
  ThroughJobPtr Take(const std::string& registration);
  // A job that was taken was not written: it goes before all others.
  void PutBack(const ThroughJobPtr& job);
  // The next jobs of its keys may go.
  void Finish(const ThroughJobPtr& job);
  // The client of a job that was not taken knows that nothing will happen.
  void Cancel(const ThroughJobPtr& job);

  // Somebody wrote `key`: the job that was handed over for it must know.
  void Touch(int db, std::string_view key);
  void TouchAll();

  void Clear();

 private:
  // Cancelled jobs are taken out many at a time.
  static constexpr size_t kMaxCancelled = 1000;

  static std::string PlaceOf(int db, std::string_view key);
  std::string PlaceOf(const ThroughJob& job, const ThroughPart& part) const {
    return PlaceOf(job.db, View(part.key.get()));
  }
  // Ready if it is the first one of all of its keys.
  void Advance(const ThroughJobPtr& job);
  void SweepCancelled();

  const std::function<void(const std::string&)> on_ready_;
  // The jobs of each key, in order, by database and key.
  std::unordered_map<std::string, std::deque<ThroughJobPtr>> keys_;
  std::map<std::string, std::deque<ThroughJobPtr>, std::less<>> ready_;
  size_t live_ = 0;
  size_t cancelled_ = 0;
};

}  // namespace regear
