// The user "default", whom the server also gives to clients that have not
// authenticated. It does not tell modules which of them have.
#pragma once

#include <chrono>
#include <string_view>

#include "module/module_api.h"

namespace regear {

// Main thread only.
class DefaultUser {
 public:
  static constexpr std::string_view kName = "default";

  // It is on and has no password: nobody has to authenticate.
  bool IsOpen(rm::Ctx* ctx);
  // Nobody can authenticate as it.
  bool IsOff(rm::Ctx* ctx);
  // A command that may change it is about to run.
  void MayChange() { known_until_ = {}; }

 private:
  void Read(rm::Ctx* ctx);

  // All false if the server does not say.
  bool on_ = false;
  bool off_ = false;
  bool nopass_ = false;
  std::chrono::steady_clock::time_point known_until_;
};

}  // namespace regear
