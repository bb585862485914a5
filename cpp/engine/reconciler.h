// Makes rows equal their keys again after Redis lost changes that the target
// has.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "change/connector.h"
#include "engine/host_link.h"
#include "engine/ledger.h"
#include "engine/worker_spec.h"
#include "redis/connection.h"

namespace regear {

struct ReconcilerParts {
  HostLink* link = nullptr;  // outlives the reconciler, as all of these
  std::shared_ptr<const Lease> lease;
  ConnectionOptions connection;
  std::shared_ptr<Ledger> ledger;
  // A connector of its own, to read the ids of the table's rows.
  std::function<Result<std::unique_ptr<Connector>>()> make_connector;
};

// Has the module capture every key of a registration anew, at a pace that the
// drain keeps up with, and waits until that is in the target. Rows without a
// key are counted, never deleted: their keys may have expired. Runs in a
// thread of its own; what fails is tried again until Stop.
class Reconciler {
 public:
  // `passed` tells up to where the stream was dealt with.
  Reconciler(const WorkerSpec* spec, ReconcilerParts parts,
             std::function<Position()> passed);
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  // Begins, or begins again while it runs.
  void Start(const std::string& reason);
  // Ends the thread; the work is taken up again by the next worker.
  void Stop();

  // {"reason", "keys", "rows_without_key"}, null while there is nothing to do.
  nlohmann::json Progress();

 private:
  void Run();
  Status Reconcile();
  Status CaptureAll(Connection* connection);
  Status Capture(const std::vector<std::string>& keys);
  Status WaitForDrain(Connection* connection);
  Status CountRowsWithoutKey(Connection* connection);
  Status CountMissing(Connection* connection,
                      const std::vector<std::string>& ids, uint64_t* missing);
  // Sleeps; kCancelled once stopped.
  Status Pause(std::chrono::milliseconds time);

  const WorkerSpec& spec_;
  const ReconcilerParts parts_;
  const std::function<Position()> passed_;

  Mutex mutex_;
  CondVar changed_;
  std::string reason_ REGEAR_GUARDED_BY(mutex_);  // empty: nothing to do
  bool again_ REGEAR_GUARDED_BY(mutex_) = false;
  bool stopped_ REGEAR_GUARDED_BY(mutex_) = false;
  uint64_t keys_ REGEAR_GUARDED_BY(mutex_) = 0;
  nlohmann::json rows_without_key_ REGEAR_GUARDED_BY(mutex_);

  Mutex thread_mutex_;
  std::thread thread_ REGEAR_GUARDED_BY(thread_mutex_);
};

}  // namespace regear
