#include "module/through_filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "module/text.h"

namespace regear {

namespace {

// Ours have been rewritten before, and run again after CLIENT PAUSE.
bool IsOurs(std::string_view name) {
  return name.size() > 3 && SameIgnoringCase(name.substr(0, 3), "rg.");
}

// Nothing if the server does not tell, or if it may be another one by the time
// that the command runs.
std::optional<int> DatabaseOf(uint64_t client) {
  rm::ClientInfo info = {};
  info.version = 1;
  if (client == 0 || rm::GetClientInfoById(&info, client) != rm::kOk ||
      (info.flags & rm::kClientInMulti)) {
    return std::nullopt;
  }
  return info.db;
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
  if (!MayNameKey(command)) [[likely]]
    return false;
  std::vector<rm::String*> argv = ArgumentsOf(command);
  if (!IsWanted(argv, client)) return false;
  rm::CommandFilterArgInsert(
      command, 0, MakeString(NameFor(std::move(argv), client)).release());
  return true;
}

bool ThroughFilter::MayNameKey(rm::FilterCtx* command) const {
  const int count = rm::CommandFilterArgsCount(command);
  for (int i = 1; i < count; ++i) {
    const std::string_view text = View(rm::CommandFilterArgGet(command, i));
    const char first = text.empty() ? '\0' : text.front();
    if (first_bytes_[static_cast<unsigned char>(first)] &&
        through_.RuleOf(text) != nullptr) {
      return true;
    }
  }
  return false;
}

bool ThroughFilter::IsWanted(std::vector<rm::String*>& argv, uint64_t client) {
  if (IsOurs(View(argv[0]))) return false;
  rm::Ctx* ctx = context_.get();
  const int count = static_cast<int>(argv.size());
  if (!commands_.IsWrite(ctx, argv.data(), count)) return false;
  const std::optional<int> db = DatabaseOf(client);
  const std::vector<int> keys = KeyPositions(ctx, argv.data(), count);
  return std::any_of(keys.begin(), keys.end(), [&](int i) {
    const ThroughRule* rule = through_.RuleOf(View(argv[i]));
    return rule != nullptr && (!db || *db == rule->fields->db());
  });
}

std::string_view ThroughFilter::NameFor(std::vector<rm::String*> argv,
                                        uint64_t client) {
  rm::Ctx* ctx = context_.get();
  if (rm::CommandFilterGetClientId == nullptr) {
    // Redis 7.0 does not tell whose command it is.
    const bool free = default_user_.IsOpen(ctx) || default_user_.IsOff(ctx);
    return free ? kFreeName : kName;
  }
  const StringPtr name(rm::GetClientUserNameById(ctx, client));
  // Scripts have no name; who calls one has authenticated.
  if (name == nullptr || View(name.get()) != DefaultUser::kName) {
    return kFreeName;
  }
  const UserPtr user(rm::GetModuleUserFromUserName(name.get()));
  const StringPtr own = MakeString(kName);
  argv.insert(argv.begin(), own.get());
  if (user != nullptr &&
      rm::ACLCheckCommandPermissions(
          user.get(), argv.data(), static_cast<int>(argv.size())) == rm::kOk) {
    return kName;
  }
  return default_user_.IsOpen(ctx) ? kFreeName : kName;
}

}  // namespace regear
