// A recipe's transform, with the changes that it cannot stomach taken out.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/change.h"
#include "engine/dead_letters.h"
#include "engine/ledger.h"
#include "engine/worker_spec.h"
#include "engine/worker_stats.h"

namespace regear {

// A change for which the transform fails three times in the same way becomes
// a dead letter, at once if the transform rejects it. Used by the committer's
// thread only.
class Transformer {
 public:
  // All pointers must outlive the transformer.
  Transformer(const Transform* transform, DeadLetters* dead,
              WorkerStats* stats);

  // Rewrites `batch` in place. After a failure it is what is left to be
  // transformed; clients of changes taken out are appended to `failed`.
  Status Apply(ChangeBatch* batch, std::vector<AckMessage>* failed);

 private:
  bool GivesUp(const Status& status, Position change);

  const Transform& transform_;
  DeadLetters* const dead_;
  WorkerStats* const stats_;
  Position failing_;
  std::string message_;  // of its last failure
  int failures_ = 0;     // in a row, all alike
};

}  // namespace regear
