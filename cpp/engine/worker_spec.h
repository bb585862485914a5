// What one drain worker is to do.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/change.h"
#include "change/connector.h"
#include "change/fold.h"
#include "engine/row_gate.h"

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
// and `*culprit` is the index of the change at which it failed. kReject: that
// change shall be set aside; kRetry: if it goes on like this; anything else:
// try again for ever.
using Transform = std::function<Status(ChangeBatch*, size_t* culprit)>;

// Takes a folded batch in place of a database, at least once. kReject names
// the rows that shall be set aside; kRetry and others as for Transform.
using BatchCallback = std::function<WriteReport(const FoldedBatch&)>;

// When a change may be written to the target: once it has been received, or
// once Redis has it on disk (WAITAOF) or on a replica (WAIT), so that no crash
// of Redis loses what the target has.
enum class CommitAfter { kReceived, kFsync, kReplica };

enum class TargetKind { kSqlite, kPostgres, kMysql, kCallback, kPython };

// Makes a connector that is written in the recipes' language, in place of those
// that the engine knows; its checkpoint has the id that `table` names.
using MakePythonConnector = std::function<std::unique_ptr<Connector>(
    const TableTarget& table, std::vector<std::string> columns)>;

struct WorkerSpec {
  std::string name;    // of the registration
  std::string stream;  // its change stream
  std::string dead;    // stream of its dead letters
  std::string parked;  // stream of changes that wait for other rows
  int db = 0;          // of the keys
  // Its changes are not in Redis before they are in the target: clients wait.
  bool through = false;
  size_t lanes = 0;       // of a write-through; 0: as many as suit the target
  std::string lost_tail;  // not empty: reconciling was begun for this reason
  RowMapping mapping;     // how keys and fields become rows and columns
  TargetKind target = TargetKind::kSqlite;
  TableTarget table;           // all but kCallback; checkpoint_id: the stream
  ConnectionProvider connect;  // all but kCallback
  BatchCallback write;         // kCallback
  MakePythonConnector make_python;  // kPython
  Transform transform;              // empty: none
  FoldMode fold = FoldMode::kLastState;
  CommitAfter commit_after = CommitAfter::kReceived;
  DrainOptions drain;
  // Of its table; null: nobody else writes it.
  std::shared_ptr<RowGate> gate;
};

}  // namespace regear
