#include "module/commands.h"

#include <string>
#include <utility>
#include <vector>

#include "module/access.h"
#include "module/backlog_report.h"
#include "module/function_report.h"
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

int DumpRegistrationsCommand(rm::Ctx* ctx, rm::String**, int argc) {
  if (argc != 1) return rm::WrongArity(ctx);
  const Registry& registry = CurrentRegistry(ctx);
  rm::ReplyWithArray(ctx,
                     static_cast<long>(2 * registry.registrations().size() +
                                       registry.functions().size()));
  for (const auto& [id, registration] : registry.registrations()) {
    ReplyWithRegistrationPair(ctx, registration, StatusOf(registration));
  }
  for (const auto& [id, function] : registry.functions()) {
    ReplyWithFunction(ctx, function);
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
  } else {
    host["absence"] =
        link.accepts() ? "the server is starting one" : link.absence();
  }
  if (State().host.pid() != 0) host["pid"] = State().host.pid();
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
