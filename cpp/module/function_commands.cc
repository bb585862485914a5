// The RG.* commands of RedisGears: most are answered by the host.
#include <string>
#include <utility>
#include <vector>

#include "module/access.h"
#include "module/command_arguments.h"
#include "module/commands.h"
#include "module/module_state.h"

namespace regear {

namespace {

constexpr const char* kMayNotBlock =
    "Can not run gears inside a multi exec, lua, or when blocking is not "
    "allowed";
constexpr const char* kTriggerMayNotBlock =
    "ERR can not run a non-sync execution inside a MULTI/LUA (blocking is not "
    "allowed) or on loading.";

// Blocks the client until the host has answered.
int Forward(rm::Ctx* ctx, std::string kind, std::vector<StringPtr> arguments) {
  HostLink& link = State().link;
  if (State().server.replica()) {
    return rm::ReplyWithError(
        ctx,
        "READONLY this is a replica: ask its master, which runs functions");
  }
  if (!link.accepts()) {
    return rm::ReplyWithError(ctx, ("NOHOST " + link.absence()).c_str());
  }
  if (link.full()) {
    return rm::ReplyWithError(
        ctx, "ERR too many scripts are waiting, try again later");
  }
  link.Enqueue(std::move(kind), std::move(arguments),
               rm::BlockClient(ctx, nullptr, nullptr, nullptr, 0));
  return rm::kOk;
}

bool MayBlock(rm::Ctx* ctx) {
  return (rm::GetContextFlags(ctx) & rm::kContextMayNotBlock) == 0;
}

std::vector<StringPtr> ShareFrom(rm::String** argv, int argc, int first) {
  std::vector<StringPtr> shared;
  for (int i = first; i < argc; ++i) shared.push_back(Share(argv[i]));
  return shared;
}

}  // namespace

int PyExecuteCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2) return rm::WrongArity(ctx);
  if (!CheckAdministrator(ctx)) return rm::kOk;
  if (!MayBlock(ctx)) return rm::ReplyWithError(ctx, kMayNotBlock);
  return Forward(ctx, "PYEXECUTE", ShareFrom(argv, argc, 1));
}

int HostAnsweredCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (!MayBlock(ctx)) return rm::ReplyWithError(ctx, kMayNotBlock);
  std::vector<StringPtr> words;
  words.push_back(MakeString(LowerCase(View(argv[0]))));
  for (StringPtr& word : ShareFrom(argv, argc, 1)) {
    words.push_back(std::move(word));
  }
  return Forward(ctx, "COMMAND", std::move(words));
}

int AdministratorsHostCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (!CheckAdministrator(ctx)) return rm::kOk;
  return HostAnsweredCommand(ctx, argv, argc);
}

int TriggerCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2) return rm::WrongArity(ctx);
  if (!MayBlock(ctx)) return rm::ReplyWithError(ctx, kTriggerMayNotBlock);
  return Forward(ctx, "TRIGGER", ShareFrom(argv, argc, 1));
}

int TriggerOnKeyCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 3) return rm::WrongArity(ctx);
  return TriggerCommand(ctx, argv, argc);
}

int ClearRegistrationsStatsCommand(rm::Ctx* ctx, rm::String**, int argc) {
  if (argc != 1) return rm::WrongArity(ctx);
  Registry& registry = State().registry;
  for (const auto& [id, function] : registry.functions()) {
    registry.FindFunction(id)->stats.Clear();
  }
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int InfoClusterCommand(rm::Ctx* ctx, rm::String**, int argc) {
  if (argc != 1) return rm::WrongArity(ctx);
  Reply(ctx, "no cluster mode");
  return rm::kOk;
}

int NothingToDoCommand(rm::Ctx* ctx, rm::String**, int) {
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int DumpPluginsCommand(rm::Ctx* ctx, rm::String**, int argc) {
  if (argc != 1) return rm::WrongArity(ctx);
  rm::ReplyWithArray(ctx, 1);
  rm::ReplyWithArray(ctx, 2);
  Reply(ctx, "regear");
  Reply(ctx, REGEAR_VERSION);
  return rm::kOk;
}

int NoRemoteCommand(rm::Ctx* ctx, rm::String**, int) {
  return rm::ReplyWithError(ctx, "Execute remote is not longer supported");
}

int NoFreeCommand(rm::Ctx* ctx, rm::String**, int) {
  return rm::ReplyWithError(ctx, "Free interpreter is not longer supported");
}

}  // namespace regear
