#include "module/access.h"

#include <array>

#include "module/handles.h"
#include "module/host_auth.h"
#include "module/text.h"

namespace regear {

namespace {

bool ServerChecksCategories() {
  return rm::SetCommandACLCategories != nullptr && rm::GetCommand != nullptr;
}

// Since 7.2 a call can be tried, with the rights of the caller.
bool ServerTriesCalls() { return rm::AddPostNotificationJob != nullptr; }

std::string ErrorOf(rm::Ctx* ctx, const char* format, rm::String** argv,
                    int argc) {
  const std::string name(View(argv[0]));
  const CallReplyPtr reply(rm::Call(ctx, name.c_str(), format, argv + 1,
                                    static_cast<size_t>(argc - 1)));
  if (reply == nullptr) return "";
  const std::string_view text = View(reply.get());
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

// The words of Redis 7.0; ACL DRYRUN knows which of both it is.
std::string NoPermission(rm::Ctx* ctx, rm::String** argv, int argc) {
  const StringPtr name(rm::GetClientUserNameById(ctx, rm::GetClientId(ctx)));
  const CallReplyPtr reply(rm::Call(ctx, "ACL", "csv", "DRYRUN", name.get(),
                                    argv, static_cast<size_t>(argc)));
  const bool is_command =
      reply != nullptr &&
      View(reply.get()).find(" permissions to run ") != std::string_view::npos;
  const UserPtr user = FindUser(name.get());
  if (user != nullptr) {
    rm::ACLAddLogEntry(ctx, user.get(), argv[is_command ? 0 : 1],
                       is_command ? rm::kAclLogCommand : rm::kAclLogKey);
  }
  return is_command ? "NOPERM this user has no permissions to run the '" +
                          LowerCase(View(argv[0])) + "' command"
                    : "NOPERM this user has no permissions to access one of "
                      "the keys used as arguments";
}

}  // namespace

void RestrictToAdministrators(rm::Ctx* ctx, const char* command) {
  if (!ServerChecksCategories()) return;
  rm::SetCommandACLCategories(rm::GetCommand(ctx, command), "admin dangerous");
}

bool CheckAdministrator(rm::Ctx* ctx) {
  if (ServerChecksCategories()) return true;
  const StringPtr module = MakeString("MODULE");
  const StringPtr load = MakeString("LOAD");
  const StringPtr path = MakeString("regear.so");
  std::array<rm::String*, 3> argv = {module.get(), load.get(), path.get()};
  if (CallerMayRun(ctx, argv.data(), argv.size())) return true;
  rm::ReplyWithError(ctx,
                     "NOPERM running code needs the right to MODULE LOAD: "
                     "ACL SETUSER <user> +module|load");
  return false;
}

UserPtr FindUser(rm::String* name) {
  UserPtr user(rm::GetModuleUserFromUserName(name));
  // Users that modules made are not found.
  if (user == nullptr && View(name) == HostAuth::kUser) user = MakeHostUser();
  return user;
}

bool CallerHasUser(rm::Ctx* ctx) {
  if (rm::GetContextFlags(ctx) & rm::kContextLua) return true;
  return StringPtr(rm::GetClientUserNameById(ctx, rm::GetClientId(ctx))) !=
         nullptr;
}

bool CallerMayRun(rm::Ctx* ctx, rm::String** argv, int argc) {
  // By id: GetCurrentUserName crashes for clients that have no user, which
  // are the server's own, and those of scripts, checked when they were
  // filtered.
  const StringPtr name(rm::GetClientUserNameById(ctx, rm::GetClientId(ctx)));
  if (name == nullptr || IsOwnHost(ctx)) return true;
  const UserPtr user = FindUser(name.get());
  return user != nullptr &&
         rm::ACLCheckCommandPermissions(user.get(), argv, argc) == rm::kOk;
}

std::string WhyNotRun(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (!ServerTriesCalls()) {
    // Writes are not allowed in this call; whatever else there is comes first.
    std::string error = ErrorOf(ctx, "EMWv", argv, argc);
    if (!error.starts_with("ERR Write command ")) return error;
  }
  return WhyNotWithKeys(ctx, argv, argc);
}

std::string WhyNotWithKeys(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (ServerTriesCalls()) {
    return ErrorOf(ctx, CallerHasUser(ctx) ? "DECMv" : "DEMv", argv, argc);
  }
  return CallerMayRun(ctx, argv, argc) ? "" : NoPermission(ctx, argv, argc);
}

}  // namespace regear
