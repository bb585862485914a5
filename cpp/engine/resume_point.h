// Where a worker goes on, by what its target says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "change/connector.h"
#include "change/position.h"
#include "engine/ledger.h"

namespace regear {

struct ResumePoint {
  Position skip;  // changes up to here are in the target
  // Not empty: one of both has lost changes that the other one has, so rows
  // may differ from their keys, and this says how it is known.
  std::string lost_tail;
};

// `epochs` are the lives of the data set, oldest first. A change counts as
// written only if its id is not above the checkpoint's and it belongs to the
// checkpoint's epoch or an earlier one: the clock of a promoted replica may be
// behind, and a Redis that came back older gives ids out again. Changes of the
// last epoch up to `acknowledged` are no longer in the stream.
ResumePoint FindResumePoint(const std::optional<Checkpoint>& stored,
                            const std::vector<Epoch>& epochs,
                            Position acknowledged = {});

// The failure of a host that met a newer `fence` in its target.
Status FencedBy(uint64_t fence);

}  // namespace regear
