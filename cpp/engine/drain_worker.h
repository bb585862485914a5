// Keeps one target in step with one change stream.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "base/thread_annotations.h"
#include "change/connector.h"
#include "change/event_source.h"
#include "engine/batch_committer.h"
#include "engine/change_buffer.h"
#include "engine/lease.h"
#include "engine/ledger.h"
#include "engine/reconciler.h"
#include "engine/stream_feeder.h"
#include "engine/worker.h"
#include "engine/worker_spec.h"
#include "engine/worker_stats.h"
#include "redis/cancellation.h"

namespace regear {

// What a worker works with.
struct WorkerParts {
  std::unique_ptr<EventSource> source;
  std::unique_ptr<Connector> connector;
  std::shared_ptr<const Lease> lease;
  // Ends the source's waits early; the source was made with it. May be null.
  std::shared_ptr<Cancellation> cancellation;
  std::shared_ptr<Ledger> ledger;
  CommitterEvents events;  // each may be empty
  // Makes rows equal keys again when Redis has lost changes; null in tests
  // that have no module.
  std::unique_ptr<ReconcilerParts> reconcile;
};

// Two threads: one reads ahead while the other commits. Strictly in order; a
// batch is one transaction and never ends inside a unit. Failures are retried
// for ever and are visible in the status. Memory is bounded by the options,
// not by the backlog.
class DrainWorker final : public Worker {
 public:
  DrainWorker(WorkerSpec spec, WorkerParts parts);
  ~DrainWorker() override;  // as Stop without draining

  void Abort() override;
  // Writes what is captured at once, whatever batch and duration say.
  void Hurry() override { buffer_.Hurry(); }
  // With `drain`: until the backlog is empty.
  bool Stop(bool drain, Milliseconds timeout) override;
  // This and the next ask the source for its backlog.
  bool HasPassed(uint64_t unix_ms) override;
  std::string StatusJson() override;

 private:
  CommitterEvents MakeEvents(const CommitterEvents& events);

  const WorkerSpec spec_;
  const WorkerParts parts_;
  ChangeBuffer buffer_;
  WorkerStats stats_;
  StreamFeeder feeder_;
  BatchCommitter committer_;
  std::unique_ptr<Reconciler> reconciler_;  // may be null

  Mutex mutex_;
  uint64_t known_backlog_ REGEAR_GUARDED_BY(mutex_) = 0;

  Mutex join_mutex_;
  std::thread feeder_thread_;  // joined under join_mutex_
  std::thread committer_thread_;
};

}  // namespace regear
