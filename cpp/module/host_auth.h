// How a host that the server has started by itself proves that it is the one:
// by a secret that it was handed when it began, never by a password. So
// requirepass and ACL do not concern it, whatever they are set to.
#pragma once

#include <string>
#include <string_view>

#include "module/handles.h"
#include "module/module_api.h"

namespace regear {

// Main thread only.
class HostAuth {
 public:
  // Whom the server takes its connections for. Not in ACL LIST.
  static constexpr std::string_view kUser = "regear-host";

  // Makes a secret for any number of connections; the one before is void.
  const std::string& Renew();
  void Revoke() { secret_.clear(); }

  bool IsSecret(std::string_view text) const;
  // Makes the calling client the host's user.
  bool Admit(rm::Ctx* ctx);

 private:
  std::string secret_;  // empty: nobody is admitted
  UserPtr user_;
};

// Whether the calling client was admitted.
bool IsOwnHost(rm::Ctx* ctx);

// A user who may do anything.
UserPtr MakeHostUser();

}  // namespace regear
