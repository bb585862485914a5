#include "module/backlog_report.h"

#include <string_view>

namespace regear {

namespace {

using nlohmann::json;

long long SizeOf(rm::Ctx* ctx, std::string_view name, int type) {
  KeptKey key(name, type);
  key.Recount(ctx);
  return key.size();
}

long long BytesOf(rm::Ctx* ctx, std::string_view name) {
  const DatabaseScope database(ctx, 0);
  const CallReplyPtr reply(
      rm::Call(ctx, "MEMORY", "cb", "USAGE", name.data(), name.size()));
  const bool known =
      reply != nullptr && rm::CallReplyType(reply.get()) == rm::kReplyInteger;
  return known ? rm::CallReplyInteger(reply.get()) : 0;
}

json Sizes(rm::Ctx* ctx, const StreamNames& names) {
  return {{"backlog", SizeOf(ctx, names.stream, rm::kKeyStream)},
          {"dead_letters", SizeOf(ctx, names.dead, rm::kKeyStream)},
          {"parked_changes", SizeOf(ctx, names.parked, rm::kKeyStream)},
          {"dirty_keys", SizeOf(ctx, names.dirty, rm::kKeyHash)}};
}

}  // namespace

void DescribeBacklog(rm::Ctx* ctx, const ModuleState& state,
                     json* description) {
  const StreamNames names = NamesOf(*description);
  json& object = *description;
  object.update(Sizes(ctx, names));
  object["stream_bytes"] = BytesOf(ctx, names.stream);
  object["captured_lost"] = 0;
  if (!object.contains("paused")) object["paused"] = false;
  if (const ChangeStream* stream = state.backlog.Find(names.stream)) {
    object["captured_lost"] = stream->lost;
    if (!state.server.replica()) object["dirty_keys"] = stream->dirty.size();
  }
  const bool endangered =
      state.server.evicts() && !object.value("allow_eviction", false);
  object["warnings"] = json::array();
  if (endangered) object["warnings"].push_back(state.server.EvictionWarning());
}

json DescribeOrphans(rm::Ctx* ctx, const Registry& registry) {
  json orphans = json::array();
  for (const auto& [stream, orphan] : registry.orphans()) {
    const StreamNames names = NamesOf(orphan);
    json description = orphan;
    description.update(Sizes(ctx, names));
    orphans.push_back(std::move(description));
  }
  return orphans;
}

std::vector<std::string> Warnings(rm::Ctx* ctx, const ModuleState& state) {
  std::vector<std::string> warnings;
  if ((rm::GetContextFlags(ctx) & rm::kContextAof) == 0) {
    warnings.emplace_back(
        "Redis has no AOF: a crash takes changes that it had acknowledged; "
        "CONFIG SET appendonly yes");
  }
  if (state.server.evicts()) {
    warnings.push_back(state.server.EvictionWarning());
  }
  return warnings;
}

}  // namespace regear
