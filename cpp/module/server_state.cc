#include "module/server_state.h"

#include <string_view>

#include "module/handles.h"

namespace regear {

void ServerState::Start(rm::Ctx* ctx) {
  const int flags = rm::GetContextFlags(ctx);
  replica_ = (flags & rm::kContextReplica) != 0;
  loading_ = (flags & (rm::kContextLoading | rm::kContextAsyncLoading)) != 0;
  ReadReplication(ctx);
  ReadPolicy(ctx);
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

void ServerState::OnConfigChange(rm::Ctx* ctx, const rm::ConfigChange& change) {
  // An AOF that has just been turned on collects commands before its state
  // says that it is on.
  for (uint32_t i = 0; i < change.count; ++i) {
    const std::string_view name(change.names[i]);
    if (name == "appendonly") replicates_ = true;
    if (name == "maxmemory-policy") ReadPolicy(ctx);
  }
}

void ServerState::ReadPolicy(rm::Ctx* ctx) {
  const CallReplyPtr reply(
      rm::Call(ctx, "CONFIG", "cc", "GET", "maxmemory-policy"));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyArray ||
      rm::CallReplyLength(reply.get()) != 2) {
    return;
  }
  policy_ = View(rm::CallReplyArrayElement(reply.get(), 1));
}

std::string ServerState::EvictionWarning() const {
  return "maxmemory-policy " + policy_ +
         " lets the server evict changes that are in no database yet: "
         "CONFIG SET maxmemory-policy volatile-lru or noeviction";
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
