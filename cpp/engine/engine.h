// A host: its lease on a Redis server and its drain workers. The interface of
// the engine for C++ programs and for the Python extension.
//
//   auto engine = regear::Engine::Create("redis://localhost");
//   auto attachment = (*engine)->Attach(0);    // until it says "attached"
//   (*engine)->StartWorker(spec);              // for each registration
//   while ((*engine)->NextJobs(seconds(1)).ok()) …
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "engine/drain_worker.h"
#include "engine/host_link.h"
#include "engine/key_scan.h"
#include "engine/redis_event_source.h"
#include "engine/worker.h"
#include "engine/worker_spec.h"

namespace regear {

// Safe to use from any thread. When the lease is lost, all workers stop by
// themselves and NextJobs fails with kFenced: attach again and start the
// workers anew.
class Engine {
 public:
  using Milliseconds = std::chrono::milliseconds;

  static Result<std::unique_ptr<Engine>> Create(std::string_view url);
  ~Engine();  // detaches
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Asks for the lease once. `fence` is the highest that the caller found in
  // its targets; those that workers met are taken into account by themselves.
  Result<Attachment> Attach(uint64_t fence);
  // Jobs, registry and log of the module, as in HostLink.
  HostLink& link() { return *link_; }

  // On a connection of its own; may outlive the engine.
  Result<std::unique_ptr<KeyScan>> ScanKeys(std::string pattern,
                                            std::string count) {
    return KeyScan::Open(options_, std::move(pattern), std::move(count));
  }

  // Opens the target and closes it again; returns what is worth a warning.
  // kStop or kInvalid: an operator must act, the hint says how; anything else:
  // try again later.
  Result<std::vector<Finding>> CheckTarget(const WorkerSpec& spec);

  // Replaces a worker of the same name that has stopped; kInvalid if one of
  // that name still runs under this lease.
  Status StartWorker(WorkerSpec spec);
  // As Worker::Stop; true if there is no such worker.
  bool StopWorker(const std::string& name, bool drain, Milliseconds timeout);
  // As Worker::Hurry; false if there is no such worker.
  bool HurryWorker(const std::string& name);
  // Status JSON by registration name: of the workers, and what was reported.
  TextPairs WorkerStatuses();
  // Sends `status` (JSON) with each renewal for a registration that has no
  // worker, until one of that name starts. Empty: no longer.
  void Report(const std::string& name, std::string status);

  // Stops all workers and gives the lease back.
  void Detach();

 private:
  struct Entry {
    std::shared_ptr<Worker> worker;
    std::shared_ptr<const Lease> lease;  // that it was started under
  };

  explicit Engine(ConnectionOptions options);

  using LeasePtr = std::shared_ptr<const Lease>;

  Result<std::shared_ptr<Worker>> MakeWorker(WorkerSpec spec,
                                             const LeasePtr& lease);
  Result<std::shared_ptr<Worker>> MakeThroughWorker(WorkerSpec spec,
                                                    const LeasePtr& lease);
  WorkerParts MakeParts(const WorkerSpec& spec,
                        std::unique_ptr<Connector> connector,
                        const LeasePtr& lease);
  StreamControl MakeControl(const LeasePtr& lease);
  // The gate of the table that `spec` writes; null if it is not known which.
  std::shared_ptr<RowGate> GateOf(const WorkerSpec& spec);
  // Whether the workers have dealt with all that was captured before.
  bool AllPassed(uint64_t unix_ms);
  void OnConflict(const Checkpoint& found, const Lease& lease);
  void AbortWorkers();
  void StopAllWorkers();

  const ConnectionOptions options_;
  std::atomic<uint64_t> highest_fence_ = 0;  // found in any target
  Mutex mutex_;
  std::map<std::string, Entry> workers_ REGEAR_GUARDED_BY(mutex_);
  // By table.
  std::map<std::string, std::weak_ptr<RowGate>> gates_
      REGEAR_GUARDED_BY(mutex_);
  std::map<std::string, std::string> reports_ REGEAR_GUARDED_BY(mutex_);
  // Last: it calls back until it is gone.
  std::unique_ptr<HostLink> link_;
};

}  // namespace regear
