// The ledger of a registration, kept by regear.so.
#pragma once

#include <memory>
#include <string>

#include "engine/host_link.h"
#include "engine/ledger.h"
#include "redis/connection.h"

namespace regear {

struct LedgerNames {
  std::string registration;
  std::string stream;
  std::string dead;  // streams of changes set aside
  std::string parked;
};

// Writes through the host link, under `lease`; reads over a connection that
// lasts only for the reading.
class RedisLedger : public Ledger {
 public:
  // `link` must outlive the ledger.
  RedisLedger(HostLink* link, std::shared_ptr<const Lease> lease,
              ConnectionOptions options, LedgerNames names);

  Result<std::string> Put(Shelf shelf, const SetAside& change) override;
  Status Remove(Shelf shelf, const std::vector<std::string>& ids) override;
  Result<ChangeBatch> Read(Shelf shelf, Position after) override;
  Status Acknowledge(const std::vector<AckMessage>& messages) override;
  Result<std::vector<Epoch>> Epochs() override;
  Status MarkReconciling(const std::string& reason) override;

 private:
  HostLink* const link_;
  const std::shared_ptr<const Lease> lease_;
  const ConnectionOptions options_;
  const LedgerNames names_;
};

}  // namespace regear
