#include "module/access.h"

#include <array>

#include "module/handles.h"

namespace regear {

namespace {

bool ServerChecksCategories() {
  return rm::SetCommandACLCategories != nullptr && rm::GetCommand != nullptr;
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

bool CallerMayRun(rm::Ctx* ctx, rm::String** argv, int argc) {
  // By id: GetCurrentUserName crashes for clients that have no user, which
  // are the server's own, and those of scripts, checked when they were
  // filtered.
  const StringPtr name(rm::GetClientUserNameById(ctx, rm::GetClientId(ctx)));
  if (name == nullptr) return true;
  const UserPtr user(rm::GetModuleUserFromUserName(name.get()));
  return user != nullptr &&
         rm::ACLCheckCommandPermissions(user.get(), argv, argc) == rm::kOk;
}

}  // namespace regear
