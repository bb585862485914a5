#include "module/through_filter.h"

#include <algorithm>
#include <array>

#include "module/access.h"
#include "module/text.h"

namespace regear {

namespace {

// Looking at each costs more than knowing where the keys are.
constexpr int kManyWords = 5;

// Ours have been rewritten before, and run again after CLIENT PAUSE.
bool IsOurs(std::string_view name) {
  return name.size() > 3 && SameIgnoringCase(name.substr(0, 3), "rg.");
}

unsigned char FirstByte(std::string_view key) {
  return key.empty() ? '\0' : static_cast<unsigned char>(key.front());
}

// A module that calls these gets a reply at once, be there an element or not.
bool MayBlock(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {
      "blpop",    "brpop",    "brpoplpush", "blmove",    "blmpop",
      "bzpopmin", "bzpopmax", "bzmpop",     "xreadgroup"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view known) {
    return SameIgnoringCase(known, name);
  });
}

bool MayRun(rm::String* user_name, std::vector<rm::String*>& argv) {
  if (user_name == nullptr) return true;  // the server's own
  const UserPtr user = FindUser(user_name);
  return user != nullptr &&
         rm::ACLCheckCommandPermissions(
             user.get(), argv.data(), static_cast<int>(argv.size())) == rm::kOk;
}

}  // namespace

void ThroughFilter::Watch(const std::vector<std::string>& prefixes) {
  first_bytes_.reset();
  for (const std::string& prefix : prefixes) {
    if (prefix.empty()) {
      first_bytes_.set();
    } else {
      first_bytes_.set(static_cast<unsigned char>(prefix.front()));
    }
  }
}

bool ThroughFilter::OnCommand(rm::FilterCtx* command, uint64_t client) {
  const auto has_rule = [&](std::string_view key) {
    return first_bytes_[FirstByte(key)] && through_.RuleOf(key) != nullptr;
  };
  if (!MayNameKey(command, has_rule)) [[likely]]
    return false;
  std::vector<rm::String*> argv = ArgumentsOf(command);
  const Caller caller = LookAt(client);
  const bool wanted = WritesKey(argv, [&](std::string_view key) {
    const ThroughRule* rule = through_.RuleOf(key);
    return rule != nullptr && (!caller.db || *caller.db == rule->fields->db());
  });
  if (!wanted) return false;
  // The server refuses to queue it, and the transaction with it.
  if (caller.in_multi && !MayRun(caller.user.get(), argv)) return false;
  rm::CommandFilterArgInsert(command, 0,
                             MakeString(NameFor(caller, argv)).release());
  return true;
}

void ThroughFilter::HoldForFunctions(rm::FilterCtx* command, uint64_t client) {
  const auto may_wait = [&](std::string_view key) {
    return functions_.MayWait(key);
  };
  if (!MayNameKey(command, may_wait)) [[likely]]
    return;
  std::vector<rm::String*> argv = ArgumentsOf(command);
  if (MayBlock(View(argv[0])) || !WritesKey(argv, may_wait)) return;
  const Caller caller = LookAt(client);
  if (caller.in_multi) return;
  rm::CommandFilterArgInsert(command, 0,
                             MakeString(NameFor(caller, argv)).release());
}

ThroughFilter::Caller ThroughFilter::LookAt(uint64_t client) const {
  Caller caller;
  rm::ClientInfo info = {};
  info.version = 1;
  if (client == 0 || rm::GetClientInfoById(&info, client) != rm::kOk) {
    return caller;
  }
  caller.user.reset(rm::GetClientUserNameById(context_.get(), client));
  caller.in_multi = (info.flags & rm::kClientInMulti) != 0;
  // It may be another one by the time that a queued command runs.
  if (!caller.in_multi) caller.db = info.db;
  return caller;
}

template <typename Predicate>
bool ThroughFilter::MayNameKey(rm::FilterCtx* command, Predicate is_such) {
  const int count = rm::CommandFilterArgsCount(command);
  CommandTable::Range range = {1, count - 1, 1};
  if (count > kManyWords) {
    range = commands_.WrittenKeys(
        context_.get(), View(rm::CommandFilterArgGet(command, 0)), count);
  }
  for (int i = range.first; i <= range.last; i += range.step) {
    if (is_such(View(rm::CommandFilterArgGet(command, i)))) return true;
  }
  return false;
}

template <typename Predicate>
bool ThroughFilter::WritesKey(std::vector<rm::String*>& argv,
                              Predicate is_such) {
  if (IsOurs(View(argv[0]))) return false;
  rm::Ctx* ctx = context_.get();
  const int count = static_cast<int>(argv.size());
  if (!commands_.IsWrite(ctx, argv.data(), count)) return false;
  const std::vector<int> keys = KeyPositions(ctx, argv.data(), count);
  return std::any_of(keys.begin(), keys.end(),
                     [&](int i) { return is_such(View(argv[i])); });
}

std::string_view ThroughFilter::NameFor(const Caller& caller,
                                        std::vector<rm::String*>& argv) {
  rm::Ctx* ctx = context_.get();
  if (rm::CommandFilterGetClientId == nullptr) {
    // Redis 7.0 does not tell whose command it is.
    const bool free = default_user_.IsOpen(ctx) || default_user_.IsOff(ctx);
    return free ? kFreeName : kName;
  }
  // Scripts have no user; who calls one has authenticated.
  rm::String* user = caller.user.get();
  if (user == nullptr || View(user) != DefaultUser::kName) return kFreeName;
  const StringPtr own = MakeString(kName);
  argv.insert(argv.begin(), own.get());
  if (MayRun(user, argv)) return kName;
  return default_user_.IsOpen(ctx) ? kFreeName : kName;
}

}  // namespace regear
