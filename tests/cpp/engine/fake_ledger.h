// A ledger in memory.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_annotations.h"
#include "engine/ledger.h"

namespace regear {

// Outlives the workers that use it; safe to use from any thread.
class FakeLedger : public Ledger {
 public:
  // --- what the test arranges ---
  void FailNext(int times);
  void SetEpochs(std::vector<Epoch> epochs);

  // --- what the test looks at ---
  // "p:1: <error>" of each change that lies there, in order.
  std::vector<std::string> On(Shelf shelf);
  // "{p:1}abc done" or "{p:1}abc <error>".
  std::vector<std::string> acks();
  std::string reconciling();

  Result<std::string> Put(Shelf shelf, const SetAside& change) override;
  Status Remove(Shelf shelf, const std::vector<std::string>& ids) override;
  Result<ChangeBatch> Read(Shelf shelf, Position after) override;
  Status Acknowledge(const std::vector<AckMessage>& messages) override;
  Result<std::vector<Epoch>> Epochs() override;
  Status MarkReconciling(const std::string& reason) override;

 private:
  Status Mishap() REGEAR_REQUIRES(mutex_);

  Mutex mutex_;
  std::map<Shelf, std::map<Position, SetAside>> shelves_
      REGEAR_GUARDED_BY(mutex_);
  std::vector<std::string> acks_ REGEAR_GUARDED_BY(mutex_);
  std::vector<Epoch> epochs_ REGEAR_GUARDED_BY(mutex_);
  std::string reconciling_ REGEAR_GUARDED_BY(mutex_);
  int failures_ REGEAR_GUARDED_BY(mutex_) = 0;
};

}  // namespace regear
