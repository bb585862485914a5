#include "module/host_function_commands.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "module/module_state.h"

namespace regear {

int HostRan(rm::Ctx* ctx, const CommandArguments& arguments) {
  for (size_t i = 1; i + 1 < arguments.size(); i += 2) {
    FunctionRegistration* function =
        State().registry.FindFunction(arguments.Text(i));
    if (function == nullptr) continue;  // it was unregistered meanwhile
    function->stats.Add(nlohmann::json::parse(arguments.Text(i + 1)));
    State().registry.KeepPaused(
        ctx, function->id(),
        function->stats.status == FunctionRegistration::kPaused);
  }
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int HostReserve(rm::Ctx* ctx, const CommandArguments& arguments) {
  constexpr uint64_t kMost = 1000;
  ReplyTexts(ctx, State().registry.ReserveIds(
                      ctx, std::min(arguments.Number(1), kMost)));
  return rm::kOk;
}

// The writes of a function that a client waits for: they trigger no others, or
// it would wait for itself.
int HostCall(rm::Ctx* ctx, const CommandArguments& arguments) {
  if (arguments.Text(1) != State().link.host_id()) {
    return rm::ReplyWithError(
        ctx, "FENCED this host does not hold the lease, attach again");
  }
  const FunctionEvents::QuietScope scope(&State().functions);
  const std::string name(arguments.Text(2));
  const CallReplyPtr reply(rm::Call(ctx, name.c_str(), "!Ev", arguments.From(3),
                                    arguments.size() - 3));
  if (reply == nullptr) {
    return rm::ReplyWithError(ctx, ("ERR cannot run " + name).c_str());
  }
  return rm::ReplyWithCallReply(ctx, reply.get());
}

}  // namespace regear
