#include "module/function_events.h"

#include <algorithm>
#include <utility>

namespace regear {

namespace {

using Reader = FunctionRegistration::Reader;

constexpr const char* kTooMany =
    "the event was dropped: too many of them wait for the host";

}  // namespace

void FunctionEvents::SetFunctions(Registry* registry) {
  registry_ = registry;
  functions_.clear();
  any_sync_ = false;
  for (const auto& [id, function] : registry->functions()) {
    if (function.reader() == Reader::kCommand) continue;
    functions_.push_back(registry->FindFunction(id));
    any_sync_ |= function.sync();
  }
}

bool FunctionEvents::MayWait(std::string_view key) const {
  return std::any_of(functions_.begin(), functions_.end(),
                     [&](const FunctionRegistration* function) {
                       return function->sync() && function->MatchesKey(key);
                     });
}

void FunctionEvents::OnKeyEvent(rm::Ctx* ctx, std::string_view event,
                                rm::String* key) {
  if (functions_.empty() || !server_.captures()) return;
  const std::string_view name = View(key);
  if (name.starts_with('_') && registry_->IsOwnKey(name)) return;
  for (FunctionRegistration* function : functions_) {
    if (!function->MatchesKey(name) || !function->WantsEvent(event)) continue;
    if (quiet_ && function->reader() == Reader::kKeys) continue;
    Trigger(ctx, function, event, key);
  }
}

// The host counts what it runs; what never reaches it is counted here.
void FunctionEvents::Trigger(rm::Ctx* ctx, FunctionRegistration* function,
                             std::string_view event, rm::String* key) {
  Job job;
  job.kind = "EVENT";
  job.kept = true;
  // Nobody waits for a host that may never come.
  if (function->sync() && link_.held()) job.held = held_;
  if (function->reader() == Reader::kStream) {
    // The host reads whatever the stream has by then.
    job.once = function->id() + ":" + std::string(View(key));
  }
  const std::string db = std::to_string(rm::GetSelectedDb(ctx));
  job.arguments.push_back(MakeString(function->id()));
  job.arguments.push_back(MakeString(event));
  job.arguments.push_back(Share(key));
  job.arguments.push_back(MakeString(db));
  if (link_.Enqueue(std::move(job))) return;
  ++function->stats.triggered;
  ++function->stats.aborted;
  function->stats.last_error = kTooMany;
}

}  // namespace regear
