#include "module/server_state.h"

#include <string_view>

namespace regear {

void ServerState::Start(rm::Ctx* ctx) {
  const int flags = rm::GetContextFlags(ctx);
  replica_ = (flags & rm::kContextReplica) != 0;
  loading_ = (flags & (rm::kContextLoading | rm::kContextAsyncLoading)) != 0;
  ReadReplication(ctx);
}

void ServerState::OnRole(bool replica) {
  replica_ = replica;
  // Replicas of the former master may continue from our backlog.
  replicates_ = true;
}

void ServerState::OnLoading(rm::Ctx* ctx, uint64_t subevent) {
  loading_ = subevent < rm::kLoadingEnded;
  if (!loading_) ReadReplication(ctx);
}

void ServerState::OnConfigChange(const rm::ConfigChange& change) {
  // An AOF that has just been turned on collects commands before its state
  // says that it is on.
  for (uint32_t i = 0; i < change.count; ++i) {
    if (std::string_view(change.names[i]) == "appendonly") replicates_ = true;
  }
}

void ServerState::ReadReplication(rm::Ctx* ctx) {
  if ((rm::GetContextFlags(ctx) & rm::kContextAof) || replica_) {
    replicates_ = true;
    return;
  }
  // A restarted master can have a backlog restored from its RDB file.
  rm::ServerInfo* info = rm::GetServerInfo(ctx, "replication");
  int error = 0;
  if (rm::ServerInfoGetFieldUnsigned(info, "repl_backlog_active", &error) ||
      rm::ServerInfoGetFieldUnsigned(info, "connected_slaves", &error)) {
    replicates_ = true;
  }
  rm::FreeServerInfo(ctx, info);
}

}  // namespace regear
