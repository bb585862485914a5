#include "module/host_auth.h"

#include "module/commands.h"
#include "module/module_state.h"
#include "module/random_hex.h"

namespace regear {

const std::string& HostAuth::Renew() {
  secret_ = RandomHex(32);
  return secret_;
}

// Takes as long whatever the text is.
bool HostAuth::IsSecret(std::string_view text) const {
  if (secret_.empty() || text.size() != secret_.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    difference |= static_cast<unsigned>(text[i] ^ secret_[i]);
  }
  return difference == 0;
}

bool HostAuth::Admit(rm::Ctx* ctx) {
  if (user_ == nullptr) user_ = MakeHostUser();
  return rm::AuthenticateClientWithUser(ctx, user_.get(), nullptr, nullptr,
                                        nullptr) == rm::kOk;
}

bool IsOwnHost(rm::Ctx* ctx) {
  const StringPtr name(rm::GetClientUserNameById(ctx, rm::GetClientId(ctx)));
  // One of that name who is found is of the ACL, and anybody.
  return name != nullptr && View(name.get()) == HostAuth::kUser &&
         UserPtr(rm::GetModuleUserFromUserName(name.get())) == nullptr;
}

UserPtr MakeHostUser() {
  UserPtr user(rm::CreateModuleUser(HostAuth::kUser.data()));
  for (const char* rule : {"on", "allcommands", "allkeys", "allchannels"}) {
    rm::SetModuleUserACL(user.get(), rule);
  }
  return user;
}

int HostAuthCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc != 2) return rm::WrongArity(ctx);
  HostAuth& auth = State().host_auth;
  if (!auth.IsSecret(View(argv[1])) || !auth.Admit(ctx)) {
    return rm::ReplyWithError(
        ctx, "WRONGPASS this is not the host that the server has started");
  }
  return rm::ReplyWithSimpleString(ctx, "OK");
}

}  // namespace regear
