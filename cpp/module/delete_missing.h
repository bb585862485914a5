// DEL and UNLINK of keys that are gone already (expired, say) delete rows too.
// The server announces nothing then, so the command filter turns such a
// command into rg.del, which runs it and captures what it did not delete. That
// takes no right from anybody: where the client may not run rg.del, or that is
// not known, the command is left as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>

#include "module/capture.h"
#include "module/module_api.h"
#include "module/server_state.h"

namespace regear {

class DeleteMissing {
 public:
  DeleteMissing(const ServerState& server, const Capture& capture,
                const DetachedContext& context)
      : server_(server), capture_(capture), context_(context) {}

  // A DEL or UNLINK of `client` (0: unknown) was filtered.
  void OnDelete(rm::FilterCtx* command, uint64_t client);

  void OnMulti(uint64_t client) { in_multi_.insert(client); }
  void OnMultiEnd(uint64_t client) { in_multi_.erase(client); }
  // EVAL, FCALL … or EXEC was filtered: what follows may be its commands.
  void OnCaller(uint64_t client) { caller_ = client; }
  // ACL was filtered: users may change now, or when it was queued.
  void OnAcl() { users_may_change_ = true; }

 private:
  bool IsWanted(rm::FilterCtx* command, uint64_t client) const;
  bool MayRewrite(rm::FilterCtx* command, uint64_t client);

  const ServerState& server_;
  const Capture& capture_;
  const DetachedContext& context_;
  std::unordered_set<uint64_t> in_multi_;
  uint64_t caller_ = 0;
  // Redis 7.0, where the filter does not know the client.
  std::optional<bool> every_user_may_;  // as long as no ACL was seen
  bool users_may_change_ = false;
};

// Makes rg.del; before OnLoad is over.
int CreateDeleteCommand(rm::Ctx* ctx);

// rg.del DEL|UNLINK key…: what the filter makes of them.
int DeleteCommand(rm::Ctx* ctx, rm::String** argv, int argc);

}  // namespace regear
