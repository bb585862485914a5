#include "engine/through_ledger.h"

#include <string_view>

namespace regear {

// An empty id: nothing lies on a shelf.
Result<std::string> ThroughLedger::Put(Shelf, const SetAside& change) {
  const std::string id = change.change.ToString();
  const std::string_view args[] = {registration_, id, change.error};
  const auto reply = link_->Ask(*lease_, "REFUSED", args);
  if (!reply.ok()) return reply.status();
  return std::string();
}

// Whatever was written before the present life of the data set, no client
// waits for it any more.
Result<std::vector<Epoch>> ThroughLedger::Epochs() {
  return std::vector<Epoch>{{lease_->epoch, lease_->epoch_id, Position()}};
}

}  // namespace regear
