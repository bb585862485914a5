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
  // By id: GetCurrentUserName crashes for clients that have no user, which
  // are the server's own.
  const StringPtr name(rm::GetClientUserNameById(ctx, rm::GetClientId(ctx)));
  if (name == nullptr) return true;
  const UserPtr user(rm::GetModuleUserFromUserName(name.get()));
  const StringPtr module = MakeString("MODULE");
  const StringPtr load = MakeString("LOAD");
  const StringPtr path = MakeString("regear.so");
  std::array<rm::String*, 3> argv = {module.get(), load.get(), path.get()};
  if (user != nullptr && rm::ACLCheckCommandPermissions(
                             user.get(), argv.data(), argv.size()) == rm::kOk) {
    return true;
  }
  rm::ReplyWithError(ctx,
                     "NOPERM running code needs the right to MODULE LOAD: "
                     "ACL SETUSER <user> +module|load");
  return false;
}

}  // namespace regear
