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
class DrainWorker {
 public:
  using Milliseconds = std::chrono::milliseconds;

  DrainWorker(WorkerSpec spec, WorkerParts parts);
  ~DrainWorker();  // as Stop without draining
  DrainWorker(const DrainWorker&) = delete;
  DrainWorker& operator=(const DrainWorker&) = delete;

  // Both threads are to end soon; returns at once. Safe in any thread.
  void Abort();

  // Writes what is captured at once, whatever batch and duration say, until
  // the backlog is empty; a pause after a failure ends. Returns at once.
  void Hurry() { buffer_.Hurry(); }

  // Stops and returns when both threads have ended. With `drain` goes on
  // until the backlog is empty, for at most `timeout`; false if it was not.
  // A write that has begun is never interrupted.
  bool Stop(bool drain, Milliseconds timeout);

  // Whether every change captured before `unix_ms` was dealt with, as far as
  // this worker knows. Asks the source for its backlog.
  bool HasPassed(uint64_t unix_ms);

  // JSON as in docs/host-link.md. Asks the source for its backlog.
  std::string StatusJson();

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
