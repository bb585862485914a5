// Everything that lives as long as the module. The C callbacks of the server
// carry no pointer of ours, so there is one of it, made by module_main.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "module/backlog.h"
#include "module/capture.h"
#include "module/command_filter.h"
#include "module/command_table.h"
#include "module/default_user.h"
#include "module/delete_missing.h"
#include "module/function_events.h"
#include "module/handles.h"
#include "module/host_auth.h"
#include "module/host_link.h"
#include "module/host_process.h"
#include "module/migrated_keys.h"
#include "module/own_keys.h"
#include "module/registry.h"
#include "module/removed_fields.h"
#include "module/server_state.h"
#include "module/through_filter.h"
#include "module/unit_tracker.h"
#include "module/write_through.h"

namespace regear {

struct ModuleState {
  explicit ModuleState(rm::Ctx* ctx);

  // Puts the registry's rules in force and tells the host.
  void OnRegistryChange();

  DetachedContext context;  // for filters and server events
  ServerState server;
  RemovedFields removed;
  UnitTracker units;
  Backlog backlog{server};
  MigratedKeys migrated;
  Capture capture{server, removed, migrated, units, backlog};
  DeleteMissing deletes{server, capture, context};
  WriteThrough through;
  HostLink link;
  FunctionEvents functions{server, link};
  CommandTable commands;
  DefaultUser default_user;
  ThroughFilter through_filter{through, functions, commands, default_user,
                               context};
  CommandFilter filter{server,         removed,      migrated, units,
                       capture,        deletes,      through,  functions,
                       through_filter, default_user, context};
  HostAuth host_auth;
  HostProcess host{host_auth, link};
  Registry registry;
  OwnKeys own_keys{registry};
  std::vector<std::pair<std::string, std::string>> arguments;  // Key Value
  // Set by RG.CONFIGSET. Only in memory, as it may hold passwords: the host
  // seals it, stores it as a session and gives it back after a restart.
  std::map<std::string, std::string, std::less<>> config;
  bool watching = false;                // key events and commands reach us
  bool watching_for_functions = false;  // so do key events of all kinds
  bool epoch_is_due = false;     // a timer will write the registry's meta
  bool orphans_are_due = false;  // a timer will look for empty ones
  bool restore_is_due = false;   // a timer will write the registry anew
};

// The module's state; valid after RedisModule_OnLoad. Main thread only.
ModuleState& State();

// Entries of the registration's change stream: captured, not yet trimmed.
long long StreamLength(rm::Ctx* ctx, const Registration& registration);

}  // namespace regear
