// RG.HOST …, as described in docs/host-link.md.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/access.h"
#include "module/command_arguments.h"
#include "module/commands.h"
#include "module/host_auth.h"
#include "module/host_function_commands.h"
#include "module/host_stream_commands.h"
#include "module/host_through_commands.h"
#include "module/module_state.h"
#include "module/stream_id.h"

namespace regear {

namespace {

using nlohmann::json;

using Arguments = CommandArguments;

constexpr uint64_t kProtocol = 1;
constexpr std::string_view kHashtag = "06S";  // hashes to the first slot

void ReplyAttached(rm::Ctx* ctx) {
  const ModuleState& state = State();
  rm::ReplyWithArray(ctx, 20);
  ReplyPair(ctx, "state", "attached");
  ReplyPair(ctx, "fence", state.link.fence());
  ReplyPair(ctx, "lease_ms", static_cast<uint64_t>(state.link.lease().count()));
  ReplyPair(ctx, "node", kNodeId);
  ReplyPair(ctx, "hashtag", kHashtag);
  ReplyPair(ctx, "epoch", state.registry.epochs().number());
  ReplyPair(ctx, "epoch_id", state.registry.epochs().id());
  ReplyPair(ctx, "generation", state.registry.generation());
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, static_cast<long>(2 * state.arguments.size()));
  for (const auto& [key, value] : state.arguments) ReplyPair(ctx, key, value);
  Reply(ctx, "config");
  rm::ReplyWithArray(ctx, static_cast<long>(2 * state.config.size()));
  for (const auto& [key, value] : state.config) ReplyPair(ctx, key, value);
}

// ATTACH protocol host-id fence
int Attach(rm::Ctx* ctx, const Arguments& arguments) {
  ModuleState& state = State();
  if (state.server.replica()) {
    return rm::ReplyWithError(
        ctx, "READONLY a host attaches to the master, this is a replica");
  }
  if (arguments.Number(0) != kProtocol) {
    return rm::ReplyWithError(
        ctx,
        "ERR the host speaks another protocol than regear.so: upgrade "
        "both to one version");
  }
  const std::string_view host_id = arguments.Text(1);
  if (host_id.size() != 32) {
    return rm::ReplyWithError(ctx, "ERR host-id must be 32 hex digits");
  }
  const uint64_t found = arguments.Number(2);
  const auto attachment =
      state.link.Attach(ctx, host_id, IsOwnHost(ctx), rm::GetClientId(ctx),
                        [&] { return state.registry.RaiseFence(ctx, found); });
  if (attachment == HostLink::Attachment::kHolder) {
    ReplyAttached(ctx);
  } else {
    rm::ReplyWithArray(ctx, 2);
    ReplyPair(ctx, "state", "standby");
  }
  return rm::kOk;
}

// RENEW fence [registration status]…
int Renew(rm::Ctx* ctx, const Arguments& arguments) {
  HostLink& link = State().link;
  link.Renew();
  for (size_t i = 1; i + 1 < arguments.size(); i += 2) {
    link.SetStatus(std::string(arguments.Text(i)),
                   std::string(arguments.Text(i + 1)));
  }
  return rm::ReplyWithLongLong(
      ctx, static_cast<long long>(State().registry.generation()));
}

// NEXT fence max timeout-ms
int Next(rm::Ctx* ctx, const Arguments& arguments) {
  constexpr uint64_t kMaxTimeoutMs = 60'000;
  return State().link.Next(
      ctx, arguments.Number(1),
      static_cast<long long>(std::min(arguments.Number(2), kMaxTimeoutMs)));
}

void AnswerJob(rm::BlockedClient* client, std::string_view kind,
               std::string_view payload) {
  if (client == nullptr) return;
  if (kind == "OK") {
    AnswerOk(client, payload);
  } else if (kind == "RESP") {
    AnswerResp(client, payload);
  } else {
    AnswerError(client, payload);
  }
}

// DONE fence [job-id OK|ERR|RESP payload]…
int Done(rm::Ctx* ctx, const Arguments& arguments) {
  bool all = true;
  for (size_t i = 1; i + 2 < arguments.size(); i += 3) {
    const auto client = State().link.Finish(arguments.Number(i));
    all &= client.has_value();
    if (client)
      AnswerJob(*client, arguments.Text(i + 1), arguments.Text(i + 2));
  }
  if (!all) return rm::ReplyWithError(ctx, "ERR no such job");
  return rm::ReplyWithSimpleString(ctx, "OK");
}

Registry::NewSession ParseSession(std::string_view text,
                                  std::string_view blob) {
  const json parsed = json::parse(text);
  Registry::NewSession session;
  session.id = parsed.at("id").get<std::string>();
  session.blob = blob;
  if (parsed.contains("replaces")) {
    session.replaces = parsed.at("replaces").get<std::vector<std::string>>();
  }
  session.keep = parsed.value("keep", false);
  for (const json& definition : parsed.at("registrations")) {
    session.definitions.push_back(definition);
  }
  return session;
}

bool AllowsEviction(const Registry::NewSession& session) {
  return std::all_of(session.definitions.begin(), session.definitions.end(),
                     [](const json& definition) {
                       return definition.value("allow_eviction", false);
                     });
}

// REGISTER fence job-id session blob
int Register(rm::Ctx* ctx, const Arguments& arguments) {
  ModuleState& state = State();
  const uint64_t job = arguments.Number(1);
  if (job != 0 && !state.link.HasRunning(job)) {
    return rm::ReplyWithError(ctx, "ERR no such job, nothing was registered");
  }
  const Registry::NewSession session =
      ParseSession(arguments.Text(2), arguments.Text(3));
  if (state.server.evicts() && !AllowsEviction(session)) {
    return rm::ReplyWithError(
        ctx, ("ERR " + state.server.EvictionWarning() +
              "; a registration that may lose changes says so with "
              "allowEviction=True")
                 .c_str());
  }
  const auto ids = state.registry.Register(ctx, session);
  if (job != 0) AnswerOk(*state.link.Finish(job), "OK");
  rm::ReplyWithArray(ctx, static_cast<long>(ids.size()));
  for (const std::string& id : ids) Reply(ctx, id);
  return rm::kOk;
}

// REGISTRY fence
int ReadRegistry(rm::Ctx* ctx, const Arguments&) {
  const Registry& registry = State().registry;
  rm::ReplyWithArray(ctx, 3);
  rm::ReplyWithLongLong(ctx, static_cast<long long>(registry.generation()));
  rm::ReplyWithArray(ctx, static_cast<long>(registry.registrations().size() +
                                            registry.functions().size()));
  for (const auto& [id, registration] : registry.registrations()) {
    Reply(ctx, registration.Encode());
  }
  for (const auto& [id, function] : registry.functions()) {
    Reply(ctx, function.Encode());
  }
  rm::ReplyWithArray(ctx, static_cast<long>(registry.sessions().size()));
  for (const auto& [id, blob] : registry.sessions()) {
    rm::ReplyWithArray(ctx, 2);
    ReplyPair(ctx, id, blob);
  }
  return rm::kOk;
}

// EPOCHS fence stream
int ReadEpochs(rm::Ctx* ctx, const Arguments& arguments) {
  const std::string stream(arguments.Text(1));
  const std::vector<Epoch>& epochs = State().registry.epochs().all();
  rm::ReplyWithArray(ctx, static_cast<long>(epochs.size()));
  for (const Epoch& epoch : epochs) {
    rm::ReplyWithArray(ctx, 3);
    rm::ReplyWithLongLong(ctx, static_cast<long long>(epoch.number));
    Reply(ctx, epoch.id);
    Reply(ctx, Text(epoch.LastIdOf(stream)));
  }
  return rm::kOk;
}

// LOG level text
int LogLine(rm::Ctx* ctx, const Arguments& arguments) {
  rm::Log(ctx, std::string(arguments.Text(0)).c_str(), "%s",
          std::string(arguments.Text(1)).c_str());
  return rm::ReplyWithSimpleString(ctx, "OK");
}

// DETACH fence
int Detach(rm::Ctx* ctx, const Arguments&) {
  State().link.Release("the host was stopped");
  return rm::ReplyWithSimpleString(ctx, "OK");
}

struct Subcommand {
  std::string_view name;
  size_t arguments;  // at least
  bool needs_fence;  // the first argument is the current fence
  int (*run)(rm::Ctx*, const Arguments&);
};

constexpr std::array<Subcommand, 24> kSubcommands = {{
    {"RAN", 1, true, HostRan},
    {"RESERVE", 2, true, HostReserve},
    {"CALL", 3, true, HostCall},
    {"ATOMIC", 5, true, HostAtomic},
    {"RENEW", 1, true, Renew},
    {"NEXT", 3, true, Next},
    {"DONE", 4, true, Done},
    {"TRIM", 3, true, HostTrim},
    {"CAPTURE", 4, true, HostCapture},
    {"DEAD", 6, true, HostDead},
    {"CLOSE", 4, true, HostClose},
    {"ACK", 5, true, HostAck},
    {"RECONCILE", 3, true, HostReconcile},
    {"EPOCHS", 2, true, ReadEpochs},
    {"REGISTER", 4, true, Register},
    {"REGISTRY", 1, true, ReadRegistry},
    {"RECOVER", 3, true, HostRecover},
    {"THROUGH", 6, true, HostThrough},
    {"SETTLE", 8, true, HostSettle},
    {"COMMITTED", 5, true, HostCommitted},
    {"REFUSED", 5, true, HostRefused},
    {"LOG", 2, false, LogLine},
    {"DETACH", 1, true, Detach},
    {"ATTACH", 3, false, Attach},
}};

}  // namespace

int HostCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2) return rm::WrongArity(ctx);
  if (!CheckAdministrator(ctx)) return rm::kOk;
  const auto subcommand = std::find_if(
      kSubcommands.begin(), kSubcommands.end(),
      [&](const Subcommand& known) { return known.name == View(argv[1]); });
  if (subcommand == kSubcommands.end()) {
    return rm::ReplyWithError(ctx, "ERR unknown subcommand of RG.HOST");
  }
  const Arguments arguments(argv + 2, argc - 2);
  if (arguments.size() < subcommand->arguments) return rm::WrongArity(ctx);
  const HostLink& link = State().link;
  if (subcommand->run != Attach) {
    const bool current =
        !subcommand->needs_fence || link.IsCurrent(arguments.Number(0));
    // The connections that functions use do not attach: they prove themselves.
    const bool attached = subcommand->run == HostCall ||
                          subcommand->run == HostAtomic ||
                          link.IsAttached(rm::GetClientId(ctx));
    if (!current || !attached) {
      return rm::ReplyWithError(
          ctx, "FENCED this host does not hold the lease, attach again");
    }
  }
  return subcommand->run(ctx, arguments);
}

}  // namespace regear
