// What the module has to know of the server it lives in. Main thread only.
#pragma once

#include <string>
#include <string_view>

#include "module/module_api.h"

namespace regear {

class ServerState {
 public:
  // Reads the state and subscribes to what changes it.
  void Start(rm::Ctx* ctx);

  // False on replicas and while a data set is being loaded: what happens then
  // was captured before, elsewhere.
  bool captures() const { return !replica_ && !loading_; }
  bool replica() const { return replica_; }
  bool loading() const { return loading_; }

  // False while nobody could receive what is replicated: no AOF and no
  // replica since the server started. Then the cost of it is saved.
  bool replicates() const { return replicates_; }

  void OnRole(bool replica);
  void OnLoading(rm::Ctx* ctx, uint64_t subevent);
  void OnConfigChange(rm::Ctx* ctx, const rm::ConfigChange& change);

  // True if the server would evict keys that have no time to live, as those
  // of a backlog are; whether it has a limit of memory now or gets one later.
  bool evicts() const { return policy_.starts_with("allkeys-"); }
  std::string EvictionWarning() const;

  // A replica asks to be synchronised. Seen by the command filter, because
  // the server's own event comes after the copy has begun.
  void OnSyncCommand() { replicates_ = true; }
  // Asks the server; for when the filter has not been there all along.
  void ReadReplication(rm::Ctx* ctx);

 private:
  void ReadPolicy(rm::Ctx* ctx);

  std::string policy_;  // maxmemory-policy
  bool replica_ = false;
  bool loading_ = false;
  bool replicates_ = false;  // never goes back: a backlog may be replayed
};

}  // namespace regear
