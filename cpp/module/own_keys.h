// regear's own keys live in database 0 and stay there when SWAPDB exchanges it
// with another one.
#pragma once

#include "module/module_api.h"
#include "module/registry.h"

namespace regear {

class OwnKeys {
 public:
  explicit OwnKeys(const Registry& registry) : registry_(registry) {}

  // True if the keys are elsewhere now.
  bool OnSwapDb(int first, int second);
  // Moves them back, as any client could: replicated, in order. Not inside
  // the SWAPDB, before which it would be replicated.
  void BringBack(rm::Ctx* ctx);
  // True while that is being done.
  bool moving() const { return moving_; }

 private:
  const Registry& registry_;
  int db_ = 0;  // where they are
  bool moving_ = false;
};

}  // namespace regear
