#include "module/one_shot_timer.h"

#include "module/guard.h"
#include "module/module_state.h"

namespace regear {

void OneShotTimer::Start(long long milliseconds, Body body, void* data) {
  Stop();
  body_ = body;
  data_ = data;
  id_ = rm::CreateTimer(State().context.get(), milliseconds, Fire, this);
  running_ = true;
}

void OneShotTimer::Stop() {
  if (!running_) return;
  running_ = false;
  rm::StopTimer(State().context.get(), id_, nullptr);
}

void OneShotTimer::Fire(rm::Ctx* ctx, void* self) {
  auto* timer = static_cast<OneShotTimer*>(self);
  timer->running_ = false;
  // The body may be the end of this timer.
  const Body body = timer->body_;
  void* data = timer->data_;
  Guarded(ctx, "a timer", [&] { body(data); });
}

}  // namespace regear
