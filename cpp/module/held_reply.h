// The reply to a write whose client waits until the functions that the write
// triggered have run (mode sync).
#pragma once

#include "module/handles.h"

namespace regear {

// Shared by the jobs that the client waits for: it goes on when the last of
// them is over, or was given up.
class HeldReply {
 public:
  HeldReply() = default;
  ~HeldReply();
  HeldReply(const HeldReply&) = delete;
  HeldReply& operator=(const HeldReply&) = delete;

  // Blocks the client of `ctx`, who gets `reply` in the end.
  void Hold(rm::Ctx* ctx, rm::CallReply* reply);

 private:
  rm::BlockedClient* client_ = nullptr;
  rm::Ctx* reply_ctx_ = nullptr;
};

}  // namespace regear
