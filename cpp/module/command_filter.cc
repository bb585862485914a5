#include "module/command_filter.h"

#include <strings.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/handles.h"

namespace regear {

namespace {

enum class Watched : uint8_t {
  kNone,
  kMulti,
  kExec,
  kDiscard,
  kScript,
  kHdel,
  kHgetdel,
  kSync,
};

struct WatchedName {
  std::string_view name;
  Watched command;
};

constexpr WatchedName kWatchedNames[] = {
    {"hdel", Watched::kHdel},       {"exec", Watched::kExec},
    {"eval", Watched::kScript},     {"sync", Watched::kSync},
    {"multi", Watched::kMulti},     {"psync", Watched::kSync},
    {"fcall", Watched::kScript},    {"discard", Watched::kDiscard},
    {"hgetdel", Watched::kHgetdel}, {"evalsha", Watched::kScript},
};

Watched Classify(std::string_view name) {
  if (name.size() < 4 || name.size() > 7) return Watched::kNone;
  const char first = static_cast<char>(name[0] | 0x20);  // ASCII lower case
  for (const WatchedName& watched : kWatchedNames) {
    if (watched.name[0] == first && watched.name.size() == name.size() &&
        strncasecmp(watched.name.data(), name.data(), name.size()) == 0) {
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
  const Watched watched = Classify(View(rm::CommandFilterArgGet(command, 0)));
  if (watched == Watched::kNone) [[likely]] {
    units_.OnCommand();
    removed_.OnOtherCommand();
    return;
  }
  const uint64_t client = ClientOf(command);
  switch (watched) {
    case Watched::kHdel:  // HDEL key field…
      units_.OnCommand();
      OnRemoval(command, client, 2);
      return;
    case Watched::kHgetdel:  // HGETDEL key FIELDS count field…
      units_.OnCommand();
      OnRemoval(command, client, 4);
      return;
    case Watched::kExec:
      units_.OnExec();
      removed_.OnExec(client);
      return;
    case Watched::kMulti:
    case Watched::kDiscard:
      units_.OnCommand();
      removed_.OnOtherCommand();
      // Without client ids another client's queue would be forgotten.
      if (client != 0) removed_.Forget(client);
      return;
    case Watched::kScript:
      units_.OnScript();
      removed_.OnOtherCommand();
      return;
    case Watched::kSync:
      server_.OnSyncCommand();
      units_.OnCommand();
      removed_.OnOtherCommand();
      return;
    case Watched::kNone:
      return;
  }
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
