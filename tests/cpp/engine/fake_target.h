// A target in memory that fails on request.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/thread_annotations.h"
#include "change/connector.h"

namespace regear {

// What is to go wrong with one call of Write.
enum class Mishap {
  kRetry,
  kReconnect,
  kInDoubtCommitted,  // in doubt, and it has happened
  kInDoubtLost,       // in doubt, and it has not
  kThrow,
};

// The table. Outlives the connectors that write to it; safe to use from any
// thread.
class FakeTarget {
 public:
  using Row = std::map<std::string, std::string>;  // by column

  explicit FakeTarget(std::vector<std::string> columns)
      : columns_(std::move(columns)) {}

  // --- what the test arranges ---
  void FailNext(Mishap mishap, int times = 1);
  void FailOpen(Status status);  // until called with ok
  // A row is refused while its `column` has no value.
  void RequireColumn(const std::string& column);
  void RequireNothing();
  // A row is refused, parked or in conflict while its column "a" is `value`.
  void Refuse(const std::string& value, StatusCode kind);
  void StoreCheckpoint(std::optional<Checkpoint> checkpoint);

  // --- what the test looks at ---
  std::map<std::string, Row> rows();
  std::optional<Checkpoint> checkpoint();
  std::vector<size_t> batches();  // changes of each committed batch
  int attempts();                 // calls of Write

  std::unique_ptr<Connector> MakeConnector();

 private:
  class FakeConnector;

  WriteReport Write(const FoldedBatch& batch, const Checkpoint& next,
                    const std::optional<Checkpoint>& base);
  void Commit(const FoldedBatch& batch, const Checkpoint& next)
      REGEAR_REQUIRES(mutex_);
  std::vector<RefusedRow> FindRefused(const FoldedBatch& batch)
      REGEAR_REQUIRES(mutex_);

  const std::vector<std::string> columns_;
  Mutex mutex_;
  Status open_status_ REGEAR_GUARDED_BY(mutex_);
  std::deque<Mishap> mishaps_ REGEAR_GUARDED_BY(mutex_);
  std::map<std::string, StatusCode> refused_values_ REGEAR_GUARDED_BY(mutex_);
  std::set<std::string> required_ REGEAR_GUARDED_BY(mutex_);
  std::map<std::string, Row> rows_ REGEAR_GUARDED_BY(mutex_);
  std::optional<Checkpoint> checkpoint_ REGEAR_GUARDED_BY(mutex_);
  std::vector<size_t> batches_ REGEAR_GUARDED_BY(mutex_);
  int attempts_ REGEAR_GUARDED_BY(mutex_) = 0;
};

}  // namespace regear
