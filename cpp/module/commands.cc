#include "module/commands.h"

#include <string>
#include <utility>
#include <vector>

#include "module/access.h"
#include "module/backlog_report.h"
#include "module/module_state.h"
#include "module/registration_report.h"

namespace regear {

namespace {

using nlohmann::json;

json StatusOf(const Registration& registration) {
  const std::string* text = State().link.StatusOf(registration.Text("name"));
  json status = text == nullptr ? json() : json::parse(*text, nullptr, false);
  return status.is_discarded() ? json() : status;
}

// A replica's memory is not kept current: it reads what was replicated.
const Registry& CurrentRegistry(rm::Ctx* ctx) {
  if (State().server.replica()) State().registry.Load(ctx);
  return State().registry;
}

}  // namespace

int PyExecuteCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2) return rm::WrongArity(ctx);
  if (!CheckAdministrator(ctx)) return rm::kOk;
  if (rm::GetContextFlags(ctx) & rm::kContextMayNotBlock) {
    return rm::ReplyWithError(ctx,
                              "Can not run gears inside a multi exec, lua, or "
                              "when blocking is not allowed");
  }
  HostLink& link = State().link;
  if (State().server.replica()) {
    return rm::ReplyWithError(
        ctx, "READONLY this is a replica: send the recipe to its master");
  }
  if (!link.held()) {
    return rm::ReplyWithError(ctx, "NOHOST start one: regear host --redis URL");
  }
  if (link.full()) {
    return rm::ReplyWithError(
        ctx, "ERR too many scripts are waiting, try again later");
  }
  std::vector<StringPtr> arguments;
  for (int i = 1; i < argc; ++i) arguments.push_back(Share(argv[i]));
  link.Enqueue("PYEXECUTE", std::move(arguments),
               rm::BlockClient(ctx, nullptr, nullptr, nullptr, 0));
  return rm::kOk;
}

int DumpRegistrationsCommand(rm::Ctx* ctx, rm::String**, int argc) {
  if (argc != 1) return rm::WrongArity(ctx);
  const auto& registrations = CurrentRegistry(ctx).registrations();
  rm::ReplyWithArray(ctx, static_cast<long>(2 * registrations.size()));
  for (const auto& [id, registration] : registrations) {
    ReplyWithRegistrationPair(ctx, registration, StatusOf(registration));
  }
  return rm::kOk;
}

int UnregisterCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2 || argc > 3) return rm::WrongArity(ctx);
  if (!CheckAdministrator(ctx)) return rm::kOk;
  if (State().server.replica()) {
    return rm::ReplyWithError(
        ctx, "READONLY this is a replica: unregister on its master");
  }
  if (!State().registry.Unregister(ctx, View(argv[1]))) {
    return rm::ReplyWithError(ctx, "execution is not registered");
  }
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int StatusCommand(rm::Ctx* ctx, rm::String**, int argc) {
  if (argc != 1) return rm::WrongArity(ctx);
  const HostLink& link = State().link;
  json registrations = json::array();
  for (const auto& [id, registration] : CurrentRegistry(ctx).registrations()) {
    json description =
        DescribeRegistration(registration, StatusOf(registration));
    DescribeBacklog(ctx, State(), &description);
    registrations.push_back(std::move(description));
  }
  json host = {{"attached", link.held()}};
  if (link.held()) {
    host["fence"] = link.fence();
    host["age_ms"] = link.SinceRenewal().count();
  }
  const json status = {
      {"version", REGEAR_VERSION},
      {"host", host},
      {"role", State().server.replica() ? "replica" : "master"},
      {"captured", State().capture.captured()},
      {"captured_lost", State().backlog.lost()},
      {"orphans", DescribeOrphans(ctx, State().registry)},
      {"warnings", Warnings(ctx, State())},
      {"registrations", registrations}};
  const std::string text =
      status.dump(-1, ' ', false, json::error_handler_t::replace);
  return rm::ReplyWithStringBuffer(ctx, text.data(), text.size());
}

}  // namespace regear
