// Writes what clients wait for: the host's half of a write-through.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "change/connector.h"
#include "engine/host_link.h"
#include "engine/lease.h"
#include "engine/through_lane.h"
#include "engine/worker.h"
#include "engine/worker_spec.h"
#include "engine/worker_stats.h"
#include "redis/cancellation.h"

namespace regear {

// Some lanes, each with a connection and a thread of its own: while one waits
// for its commit the next group gathers and goes in another. None starts
// before all know where the host before has left them.
class ThroughWorker final : public Worker {
 public:
  struct Parts {
    HostLink* link;  // must outlive the worker
    std::shared_ptr<const Lease> lease;
    std::vector<std::unique_ptr<Connector>> connectors;  // one for each lane
    std::function<void(const Checkpoint& found)> on_conflict;
  };

  ThroughWorker(WorkerSpec spec, Parts parts);
  ~ThroughWorker() override;

  void Abort() override;
  void Hurry() override;
  // What is in hand is written in any case, unless it takes longer than
  // `timeout`.
  bool Stop(bool drain, Milliseconds timeout) override;
  // Nothing is captured that somebody could wait for.
  bool HasPassed(uint64_t) override { return true; }
  std::string StatusJson() override;

 private:
  void Run();
  Status Recover();

  const WorkerSpec spec_;
  HostLink* const link_;
  const std::shared_ptr<const Lease> lease_;
  Cancellation cancellation_;
  WorkerStats stats_;
  std::vector<std::unique_ptr<ThroughLane>> lanes_;

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ REGEAR_GUARDED_BY(mutex_) = false;
  size_t running_ REGEAR_GUARDED_BY(mutex_) = 0;  // threads
  Mutex join_mutex_;
  bool joined_ = false;  // the gate; set by the starter
  std::thread starter_;  // all are joined under join_mutex_
  std::vector<std::thread> threads_ REGEAR_GUARDED_BY(mutex_);
};

}  // namespace regear
