#include "module/host_function_commands.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "module/atomic_block.h"
#include "module/function_call.h"
#include "module/module_state.h"

namespace regear {

namespace {

using std::chrono::milliseconds;

// Those who do not attach prove with it that they belong to the host.
bool IsHost(std::string_view host_id) {
  return host_id == State().link.host_id();
}

int NotTheHost(rm::Ctx* ctx) {
  return rm::ReplyWithError(
      ctx, "FENCED this host does not hold the lease, attach again");
}

}  // namespace

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
  if (!IsHost(arguments.Text(1))) return NotTheHost(ctx);
  const FunctionEvents::QuietScope scope(&State().functions);
  std::string error;
  const CallReplyPtr reply = CallForFunction(
      ctx, arguments.From(2), static_cast<int>(arguments.size()) - 2, &error);
  if (reply == nullptr) return rm::ReplyWithError(ctx, error.c_str());
  return rm::ReplyWithCallReply(ctx, reply.get());
}

int HostAtomic(rm::Ctx* ctx, const CommandArguments& arguments) {
  if (!IsHost(arguments.Text(1))) return NotTheHost(ctx);
  std::optional<FunctionEvents::QuietScope> scope;
  if (arguments.Text(2) == "1") scope.emplace(&State().functions);
  const auto timeout =
      std::min(milliseconds(arguments.Number(4)), AtomicBlock::kLongest);
  AtomicBlock block(ctx, AtomicBlock::Clock::now() + timeout);
  const std::string error = block.Serve(arguments.Text(3));
  State().link.Renew();  // the host could not
  if (!error.empty()) return rm::ReplyWithError(ctx, error.c_str());
  return rm::ReplyWithSimpleString(ctx, "OK");
}

}  // namespace regear
