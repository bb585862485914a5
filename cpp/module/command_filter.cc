#include "module/command_filter.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/handles.h"
#include "module/text.h"

namespace regear {

namespace {

using Watched = CommandFilter::Watched;

struct WatchedName {
  std::string_view name;
  Watched command;
};

constexpr WatchedName kWatchedNames[] = {
    {"del", Watched::kDelete},      {"hdel", Watched::kHdel},
    {"exec", Watched::kExec},       {"unlink", Watched::kDelete},
    {"eval", Watched::kScript},     {"evalsha", Watched::kScript},
    {"fcall", Watched::kScript},    {"multi", Watched::kMulti},
    {"discard", Watched::kDiscard}, {"reset", Watched::kDiscard},
    {"hgetdel", Watched::kHgetdel}, {"migrate", Watched::kMigrate},
    {"sync", Watched::kSync},       {"psync", Watched::kSync},
    {"acl", Watched::kAcl},         {"config", Watched::kConfig},
    {"json.del", Watched::kDelete}, {"json.forget", Watched::kDelete},
};

Watched WatchedNamed(std::string_view name) {
  if (name.size() < 3 || name.size() > 11) return Watched::kNone;
  const char first = static_cast<char>(name[0] | 0x20);  // ASCII lower case
  for (const WatchedName& watched : kWatchedNames) {
    if (watched.name[0] == first && SameIgnoringCase(watched.name, name)) {
      return watched.command;
    }
  }
  return Watched::kNone;
}

uint64_t ClientOf(rm::FilterCtx* command) {
  return rm::CommandFilterGetClientId == nullptr
             ? 0
             : rm::CommandFilterGetClientId(command);
}

}  // namespace

void CommandFilter::OnCommand(rm::FilterCtx* command) {
  if (capture_.unit_is_unfinished()) [[unlikely]]
    FinishLastUnit();
  if (through_.active() && server_.captures() &&
      through_filter_.OnCommand(command, ClientOf(command))) {
    OnPlainCommand();
    return;
  }
  const Watched watched =
      WatchedNamed(View(rm::CommandFilterArgGet(command, 0)));
  if (watched == Watched::kNone) [[likely]] {
    OnPlainCommand();
  } else {
    Note(watched, command, ClientOf(command));
  }
  if (functions_.any_sync() && server_.captures()) [[unlikely]] {
    through_filter_.HoldForFunctions(command, ClientOf(command));
  }
}

void CommandFilter::Note(Watched watched, rm::FilterCtx* command,
                         uint64_t client) {
  switch (watched) {
    case Watched::kHdel:  // HDEL key field…
      units_.OnCommand();
      migrated_.OnOtherCommand();
      OnRemoval(command, client, 2);
      return;
    case Watched::kHgetdel:  // HGETDEL key FIELDS count field…
      units_.OnCommand();
      migrated_.OnOtherCommand();
      OnRemoval(command, client, 4);
      return;
    case Watched::kMigrate:
      OnPlainCommand();
      OnMigrate(command, client);
      return;
    case Watched::kDelete:
      OnPlainCommand();
      deletes_.OnDelete(command, client);
      return;
    case Watched::kAcl:
      OnPlainCommand();
      deletes_.OnAcl();
      default_user_.MayChange();
      return;
    case Watched::kConfig:  // requirepass
      OnPlainCommand();
      default_user_.MayChange();
      return;
    case Watched::kSync:
      OnPlainCommand();
      server_.OnSyncCommand();
      return;
    case Watched::kScript:
      units_.OnScript();
      removed_.OnOtherCommand();
      migrated_.OnOtherCommand();
      deletes_.OnCaller(client);
      return;
    default:
      OnMultiChange(watched, client);
      return;
  }
}

void CommandFilter::OnMultiChange(Watched watched, uint64_t client) {
  if (watched == Watched::kExec) {
    units_.OnExec();
    removed_.OnExec(client);
    migrated_.OnExec(client);
    deletes_.OnCaller(client);
    deletes_.OnMultiEnd(client);
    default_user_.MayChange();
    return;
  }
  OnPlainCommand();
  if (watched == Watched::kMulti) {
    deletes_.OnMulti(client);
  } else {
    deletes_.OnMultiEnd(client);
  }
  // Without client ids another client's queue would be forgotten.
  if (client == 0) return;
  removed_.Forget(client);
  migrated_.Forget(client);
}

// Redis 7.0: the unit before this command is over, unless this is a command
// of a script that is running.
void CommandFilter::FinishLastUnit() {
  if (rm::AddPostNotificationJob != nullptr) return;
  constexpr int kInside = rm::kContextMulti | rm::kContextLua;
  rm::Ctx* ctx = context_.get();
  if (rm::GetContextFlags(ctx) & kInside) return;
  capture_.FinishUnit(ctx);
}

// MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH …] [KEYS key…]
void CommandFilter::OnMigrate(rm::FilterCtx* command, uint64_t client) {
  const int count = rm::CommandFilterArgsCount(command);
  const auto text = [&](int i) {
    return View(rm::CommandFilterArgGet(command, i));
  };
  std::vector<std::string> keys;
  bool in_list = false;
  for (int i = 3; i < count; ++i) {
    const bool is_key = i == 3 || in_list;
    if (is_key && capture_.MatchesAnyDb(text(i))) keys.emplace_back(text(i));
    in_list |= i > 5 && text(3).empty() && SameIgnoringCase(text(i), "keys");
  }
  if (!keys.empty()) migrated_.OnMigrate(client, std::move(keys));
}

void CommandFilter::OnRemoval(rm::FilterCtx* command, uint64_t client,
                              int first_field) {
  const int count = rm::CommandFilterArgsCount(command);
  std::string_view key;
  if (count > first_field) key = View(rm::CommandFilterArgGet(command, 1));
  if (key.empty() || !capture_.MatchesAnyDb(key)) {
    removed_.OnOtherCommand();
    return;
  }
  std::vector<std::string> fields;
  for (int i = first_field; i < count; ++i) {
    fields.emplace_back(View(rm::CommandFilterArgGet(command, i)));
  }
  removed_.OnRemoval(client, key, std::move(fields));
}

}  // namespace regear
