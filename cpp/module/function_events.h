// Tells the host of the key events that trigger functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "module/function_registration.h"
#include "module/handles.h"
#include "module/held_reply.h"
#include "module/host_link.h"
#include "module/registry.h"
#include "module/server_state.h"

namespace regear {

// Main thread only.
class FunctionEvents {
 public:
  FunctionEvents(const ServerState& server, HostLink& link)
      : server_(server), link_(link) {}

  // Those of `registry`, which is read again when it changes.
  void SetFunctions(Registry* registry);

  // Whether keys have to be watched at all.
  bool any() const { return !functions_.empty(); }
  bool any_sync() const { return any_sync_; }
  // Whether a write to `key` may have to wait for a function.
  bool MayWait(std::string_view key) const;

  void OnKeyEvent(rm::Ctx* ctx, std::string_view event, rm::String* key);

  // In its scope sync functions are waited for: by the client that holds the
  // reply.
  class HoldScope {
   public:
    explicit HoldScope(FunctionEvents* events) : events_(*events) {
      events_.held_ = std::make_shared<HeldReply>();
    }
    ~HoldScope() { events_.held_.reset(); }
    HoldScope(const HoldScope&) = delete;
    HoldScope& operator=(const HoldScope&) = delete;

    // Null if nothing was triggered that is to be waited for.
    HeldReply* held() const {
      return events_.held_.use_count() > 1 ? events_.held_.get() : nullptr;
    }

   private:
    FunctionEvents& events_;
  };

  // In its scope key events trigger streams only: the writes are those of a
  // sync function.
  class QuietScope {
   public:
    explicit QuietScope(FunctionEvents* events) : events_(*events) {
      events_.quiet_ = true;
    }
    ~QuietScope() { events_.quiet_ = false; }
    QuietScope(const QuietScope&) = delete;
    QuietScope& operator=(const QuietScope&) = delete;

   private:
    FunctionEvents& events_;
  };

 private:
  void Trigger(rm::Ctx* ctx, FunctionRegistration* function,
               std::string_view event, rm::String* key);

  const ServerState& server_;
  HostLink& link_;
  Registry* registry_ = nullptr;
  // Of the registry, which keeps them in place until it says otherwise.
  std::vector<FunctionRegistration*> functions_;  // but CommandReaders
  bool any_sync_ = false;
  std::shared_ptr<HeldReply> held_;
  bool quiet_ = false;
};

}  // namespace regear
