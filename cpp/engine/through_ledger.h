// What becomes of writes that clients wait for and the target refuses.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/host_link.h"
#include "engine/lease.h"
#include "engine/ledger.h"

namespace regear {

// Nothing is set aside: the client is told, and that is the end of it.
class ThroughLedger : public Ledger {
 public:
  // `link` must outlive it.
  ThroughLedger(HostLink* link, std::shared_ptr<const Lease> lease,
                std::string registration)
      : link_(link),
        lease_(std::move(lease)),
        registration_(std::move(registration)) {}

  Result<std::string> Put(Shelf shelf, const SetAside& change) override;
  Status Remove(Shelf, const std::vector<std::string>&) override {
    return Status::Ok();
  }
  Result<ChangeBatch> Read(Shelf, Position) override { return ChangeBatch(); }
  // The module answers clients when it learns of the commit.
  Status Acknowledge(const std::vector<AckMessage>&) override {
    return Status::Ok();
  }
  Result<std::vector<Epoch>> Epochs() override;
  Status MarkReconciling(const std::string&) override { return Status::Ok(); }

 private:
  HostLink* const link_;
  const std::shared_ptr<const Lease> lease_;
  const std::string registration_;
};

}  // namespace regear
