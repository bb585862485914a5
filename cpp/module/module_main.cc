// Where regear.so is put together: the only file that knows all parts.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "module/commands.h"
#include "module/guard.h"
#include "module/host_command_line.h"
#include "module/info.h"
#include "module/module_api.h"
#include "module/module_state.h"
#include "module/text.h"

namespace regear {

namespace {

// Made once by RedisModule_OnLoad, never freed: the module stays loaded.
ModuleState* state = nullptr;

constexpr long long kThroughTimeoutMs = 5000;

// The registry's own key was written by others, or flushed: it is written
// anew once the command is over and replicated.
void RestoreRegistryLater(rm::Ctx* ctx) {
  if (std::exchange(state->restore_is_due, true)) return;
  rm::CreateTimer(
      ctx, 0,
      [](rm::Ctx* timer_ctx, void*) {
        state->restore_is_due = false;
        if (!state->server.captures()) return;
        Guarded(timer_ctx, "restoring the registry",
                [&] { state->registry.Store(timer_ctx); });
      },
      nullptr);
}

// The data set was loaded, or is ours to write from now on. Whoever drains it
// attaches anew, so that it learns of the epoch. It is written once the event
// is over, before anything that follows can be durable.
void BeginEpoch(rm::Ctx* ctx, std::string_view why) {
  Registry& registry = state->registry;
  if (state->server.replica() || registry.empty()) return;
  registry.BeginEpoch(state->context.get());
  state->link.Release(why);
  if (std::exchange(state->epoch_is_due, true)) return;
  rm::CreateTimer(
      ctx, 0,
      [](rm::Ctx* timer_ctx, void*) {
        state->epoch_is_due = false;
        if (!state->server.captures()) return;
        Guarded(timer_ctx, "writing the epoch",
                [&] { state->registry.StoreMeta(timer_ctx); });
      },
      nullptr);
}

// A backlog without a registration may be empty now.
void DropOrphansLater(rm::Ctx* ctx) {
  if (std::exchange(state->orphans_are_due, true)) return;
  rm::CreateTimer(
      ctx, 0,
      [](rm::Ctx* timer_ctx, void*) {
        state->orphans_are_due = false;
        if (!state->server.captures()) return;
        Guarded(timer_ctx, "forgetting empty backlogs",
                [&] { state->registry.DropEmptyOrphans(timer_ctx); });
      },
      nullptr);
}

int OnFunctionEvent(rm::Ctx* ctx, int, const char* event, rm::String* key) {
  Guarded(ctx, "triggering functions",
          [&] { state->functions.OnKeyEvent(ctx, event, key); });
  return rm::kOk;
}

int OnKeyEvent(rm::Ctx* ctx, int notify_class, const char* event,
               rm::String* key) {
  Guarded(ctx, "capture", [&] {
    const std::string_view name = View(key);
    if (name.starts_with('_') && state->registry.IsOwnKey(name)) {
      if (name == Registry::kKey && !state->registry.writing() &&
          !state->own_keys.moving() && state->server.captures() &&
          rm::GetSelectedDb(ctx) == 0) {
        rm::Log(ctx, "warning", "%s was changed by others (%s): undone",
                Registry::kKey.data(), event);
        RestoreRegistryLater(ctx);
      } else if (name != Registry::kKey && !state->own_keys.moving() &&
                 rm::GetSelectedDb(ctx) == 0) {
        state->backlog.OnKeyEvent(ctx, event, name);
        if (!state->registry.orphans().empty()) DropOrphansLater(ctx);
      }
      return;
    }
    // Of streams only our own are of interest.
    if (notify_class & rm::kNotifyStream) return;
    if (notify_class & (rm::kNotifyExpired | rm::kNotifyEvicted)) {
      state->backlog.AfterRemoval(ctx, key);
    }
    if (state->through.active()) {
      state->through.OnKeyEvent(rm::GetSelectedDb(ctx), name);
    }
    state->capture.OnKeyEvent(ctx, notify_class, event, key);
  });
  return rm::kOk;
}

void OnKeyRemoval(rm::Ctx* ctx, rm::Event, uint64_t subevent, void* data) {
  if (subevent != rm::kKeyExpired && subevent != rm::kKeyEvicted) return;
  if (!state->server.captures()) return;
  Guarded(ctx, "an expiring key", [&] {
    state->backlog.BeforeRemoval(ctx,
                                 static_cast<const rm::KeyInfo*>(data)->key);
  });
}

void OnFilter(rm::FilterCtx* command) {
  Guarded(state->context.get(), "the command filter",
          [&] { state->filter.OnCommand(command); });
}

void OnFlush(rm::Ctx* ctx, rm::Event, uint64_t subevent, void* data) {
  const auto* flush = static_cast<const rm::FlushInfo*>(data);
  if (subevent == rm::kFlushStart) {
    Guarded(ctx, "keeping the backlog", [&] {
      state->backlog.OnFlushStart(state->context.get(), flush->db);
    });
  }
  if (!state->server.captures()) return;
  if (subevent == rm::kFlushStart) {
    Guarded(ctx, "a flush",
            [&] { state->capture.OnFlushStart(ctx, flush->db); });
    return;
  }
  state->through.TouchAll();
  Guarded(ctx, "a flush", [&] { state->capture.OnFlushEnd(ctx); });
  if (flush->db <= 0) RestoreRegistryLater(ctx);
}

void OnSwapDb(rm::Ctx* ctx, rm::Event, uint64_t, void* data) {
  if (!state->server.captures()) return;
  const auto* swap = static_cast<const rm::SwapDbInfo*>(data);
  state->through.TouchAll();
  Guarded(ctx, "SWAPDB", [&] {
    if (state->own_keys.OnSwapDb(swap->first, swap->second)) {
      state->capture.FinishUnitLater(ctx);
    }
    state->capture.OnSwapDb(ctx, swap->first, swap->second);
  });
}

void OnRole(rm::Ctx* ctx, rm::Event, uint64_t subevent, void*) {
  Guarded(ctx, "the role change", [&] {
    const bool replica = subevent == rm::kRoleIsReplica;
    state->server.OnRole(replica);
    state->backlog.Forget();
    state->through.Forget();
    if (replica) {
      state->link.Release("the server became a replica");
      state->link.DropKept();
    } else {
      state->registry.Load(state->context.get());
      BeginEpoch(ctx, "the server became the master");
    }
    state->host.Follow();
  });
}

void OnLoading(rm::Ctx* ctx, rm::Event, uint64_t subevent, void*) {
  Guarded(ctx, "loading", [&] {
    state->server.OnLoading(ctx, subevent);
    state->backlog.DropSaved();
    if (state->server.loading()) return;
    state->backlog.Forget();
    state->through.Forget();
    state->registry.Load(state->context.get());
    BeginEpoch(ctx, "the data set was loaded");
    state->host.Follow();
  });
}

void OnClient(rm::Ctx* ctx, rm::Event, uint64_t subevent, void* data) {
  if (subevent != rm::kClientDisconnected) return;
  Guarded(ctx, "a disconnect", [&] {
    const uint64_t id = static_cast<const rm::ClientInfo*>(data)->id;
    state->link.OnDisconnect(id);
    state->removed.Forget(id);
    state->migrated.Forget(id);
    state->deletes.OnMultiEnd(id);
  });
}

void OnConfig(rm::Ctx* ctx, rm::Event, uint64_t, void* data) {
  Guarded(ctx, "a change of the configuration", [&] {
    ServerState& server = state->server;
    const bool evicted = server.evicts();
    server.OnConfigChange(state->context.get(),
                          *static_cast<const rm::ConfigChange*>(data));
    if (!server.evicts() || evicted || state->registry.registrations().empty())
      return;
    rm::Log(ctx, "warning", "%s", server.EvictionWarning().c_str());
  });
}

void OnInfo(rm::InfoCtx* info, int for_crash_report) {
  Guarded(state->context.get(), "INFO",
          [&] { AddInfo(info, for_crash_report); });
}

// What every key and every command pays for: taken on when the first rule
// arrives, not before.
void WatchKeysAndCommands(rm::Ctx* ctx) {
  rm::SubscribeToKeyspaceEvents(ctx,
                                rm::kNotifyGeneric | rm::kNotifyString |
                                    rm::kNotifyList | rm::kNotifySet |
                                    rm::kNotifyHash | rm::kNotifyZset |
                                    rm::kNotifyStream | rm::kNotifyExpired |
                                    rm::kNotifyEvicted | rm::kNotifyModule,
                                OnKeyEvent);
  // Servers before 7.2 do not tell.
  (void)rm::SubscribeToServerEvent(ctx, {rm::kEventKey, 1}, OnKeyRemoval);
  rm::RegisterCommandFilter(ctx, OnFilter, rm::kFilterNoSelf);
}

void WatchForFunctions(rm::Ctx* ctx) {
  rm::SubscribeToKeyspaceEvents(ctx, rm::kNotifyAll, OnFunctionEvent);
}

void SubscribeToServer(rm::Ctx* ctx) {
  rm::SubscribeToServerEvent(ctx, {rm::kEventFlush, 1}, OnFlush);
  rm::SubscribeToServerEvent(ctx, {rm::kEventSwapDb, 1}, OnSwapDb);
  rm::SubscribeToServerEvent(ctx, {rm::kEventRoleChanged, 1}, OnRole);
  rm::SubscribeToServerEvent(ctx, {rm::kEventLoading, 1}, OnLoading);
  rm::SubscribeToServerEvent(ctx, {rm::kEventClientChange, 1}, OnClient);
  rm::SubscribeToServerEvent(ctx, {rm::kEventConfig, 1}, OnConfig);
}

void ReadArguments(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc % 2 != 0) {
    rm::Log(ctx, "warning",
            "module arguments are pairs 'Key Value': the last one is ignored");
  }
  for (int i = 0; i + 1 < argc; i += 2) {
    state->arguments.emplace_back(View(argv[i]), View(argv[i + 1]));
  }
}

// A server that is busy for longer than the lease takes its host for dead.
void SetLease(rm::Ctx* ctx) {
  constexpr long long kLeastMs = 1000;
  constexpr long long kMostMs = 3'600'000;
  const std::string_view wanted = ArgumentNamed(state->arguments, "HostLease");
  if (wanted.empty()) return;
  const auto lease = ParseInteger(wanted);
  if (lease && *lease >= kLeastMs && *lease <= kMostMs) {
    return state->link.SetLease(std::chrono::milliseconds(*lease));
  }
  rm::Log(ctx, "warning",
          "HostLease is milliseconds, 1000 to 3600000: 3000 is taken");
}

int Load(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (CreateCommands(ctx) != rm::kOk) return rm::kErr;
  if (CreateDeleteCommand(ctx) != rm::kOk) return rm::kErr;
  if (CreateWriteThroughCommand(ctx) != rm::kOk) return rm::kErr;
  state = new ModuleState(ctx);
  ReadArguments(ctx, argv, argc);
  SetLease(ctx);
  state->registry.Load(state->context.get());
  BeginEpoch(ctx, "the module was loaded");
  SubscribeToServer(ctx);
  rm::RegisterInfoFunc(ctx, OnInfo);
  state->host.Configure(state->arguments);
  state->host.Follow();
  return rm::kOk;
}

}  // namespace

ModuleState& State() { return *state; }

ModuleState::ModuleState(rm::Ctx* ctx)
    : context(ctx), registry([this] { OnRegistryChange(); }) {
  server.Start(ctx);
  capture.BeforeAppend([this](rm::Ctx* unit) { own_keys.BringBack(unit); });
}

void ModuleState::OnRegistryChange() {
  std::vector<std::shared_ptr<CaptureRule>> rules;
  std::vector<Backlog::Use> uses;
  std::vector<ThroughRule> through_rules;
  std::vector<std::string> prefixes;
  for (const auto& [id, registration] : registry.registrations()) {
    if (registration.through()) {
      prefixes.push_back(registration.Text("prefix"));
      through_rules.push_back(
          {registration.Text("name"), registration.Text("prefix"),
           registration.rule,
           registration.definition.value("timeout_ms", kThroughTimeoutMs)});
      uses.push_back({NamesOf(registration.definition), nullptr});
      continue;
    }
    rules.push_back(registration.rule);
    uses.push_back({NamesOf(registration.definition), registration.rule,
                    registration.Limit()});
  }
  for (const auto& [stream, orphan] : registry.orphans()) {
    uses.push_back({NamesOf(orphan), nullptr});
  }
  functions.SetFunctions(&registry);
  if (functions.any() && !std::exchange(watching_for_functions, true)) {
    WatchForFunctions(context.get());
  }
  backlog.SetUses(context.get(), uses, registry.epochs());
  if ((!uses.empty() || functions.any_sync()) &&
      !std::exchange(watching, true)) {
    // A replica that came before the filter could see it may be there now.
    server.ReadReplication(context.get());
    WatchKeysAndCommands(context.get());
  }
  capture.SetRules(std::move(rules));
  through_filter.Watch(prefixes);
  through.SetRules(std::move(through_rules));
  link.AnnounceRegistry();
}

long long StreamLength(rm::Ctx* ctx, const Registration& registration) {
  const DatabaseScope database(ctx, 0);
  const KeyPtr key(rm::OpenKey(ctx, registration.rule->stream(),
                               rm::kOpenRead | rm::kOpenNoTouch));
  if (key == nullptr || rm::KeyType(key.get()) != rm::kKeyStream) return 0;
  return static_cast<long long>(rm::ValueLength(key.get()));
}

}  // namespace regear

extern "C" __attribute__((visibility("default"))) int RedisModule_OnLoad(
    regear::rm::Ctx* ctx, regear::rm::String** argv, int argc) {
  using namespace regear;  // NOLINT: the one entry point of the module
  const char* missing = rm::ResolveApi(ctx);
  rm::SetModuleAttribs(ctx, "regear", 1, rm::kApiVersion);
  if (missing != nullptr) {
    rm::Log(ctx, "warning",
            "the server lacks RedisModule_%s: regear needs Redis 7.0 or later",
            missing);
    return rm::kErr;
  }
  try {
    return Load(ctx, argv, argc);
  } catch (const std::exception& error) {
    rm::Log(ctx, "warning", "regear cannot start: %s", error.what());
    return rm::kErr;
  }
}
