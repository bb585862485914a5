// A timer of the server that can be stopped. Blocked clients wait by these: a
// timeout of the server's own that ends in the turn of its event loop in which
// the module unblocks the client loses the reply (Redis before 7.2.5).
#pragma once

#include <cstdint>

#include "module/module_api.h"

namespace regear {

// Main thread only.
class OneShotTimer {
 public:
  using Body = void (*)(void* data);

  OneShotTimer() = default;
  ~OneShotTimer() { Stop(); }
  OneShotTimer(const OneShotTimer&) = delete;
  OneShotTimer& operator=(const OneShotTimer&) = delete;

  // Calls `body` once, from the event loop, unless it is stopped before. What
  // it was started for before is forgotten.
  void Start(long long milliseconds, Body body, void* data);
  void Stop();

 private:
  static void Fire(rm::Ctx* ctx, void* self);

  uint64_t id_ = 0;
  bool running_ = false;
  Body body_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace regear
