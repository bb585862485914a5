// What one drain worker is to do.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "base/status.h"
#include "change/change.h"
#include "change/connector.h"
#include "change/fold.h"

namespace regear {

struct DrainOptions {
  // So many changes start a commit. Lower: less lag; the batches grow by
  // themselves when the target cannot keep up.
  size_t batch = 100;
  // So long after it arrived a change is in the target, if nothing is wrong: a
  // commit starts when three quarters of it have passed.
  std::chrono::milliseconds duration{100};
  // Longest pause between two attempts after a failure.
  std::chrono::milliseconds retry_interval{5000};
  // Largest transaction, in changes and in bytes of keys, fields and values.
  // Only a single command that changes more exceeds it. About three such
  // batches are in memory: committing, read ahead, being read.
  size_t max_batch = 5000;
  size_t max_batch_bytes = 16 * 1024 * 1024;
};

// Rewrites the changes of a batch in place. On failure the batch is as before
// and is offered again later.
using Transform = std::function<Status(ChangeBatch*)>;

// Takes a folded batch in place of a database, at least once.
using BatchCallback = std::function<Status(const FoldedBatch&)>;

enum class TargetKind { kSqlite, kPostgres, kCallback };

struct WorkerSpec {
  std::string name;    // of the registration
  std::string stream;  // its change stream
  RowMapping mapping;  // how keys and fields become rows and columns
  TargetKind target = TargetKind::kSqlite;
  TableTarget table;           // all but kCallback; checkpoint_id: the stream
  ConnectionProvider connect;  // all but kCallback
  BatchCallback write;         // kCallback
  Transform transform;         // empty: none
  FoldMode fold = FoldMode::kLastState;
  DrainOptions drain;
};

}  // namespace regear
