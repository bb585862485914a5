// All RG.* commands by their names.
#include <array>

#include "module/access.h"
#include "module/commands.h"
#include "module/guard.h"

namespace regear {

namespace {

struct CommandSpec {
  const char* name;
  rm::CommandFn run;
  const char* flags;
  bool administrators_only;
};

// Scripts and settings may hold passwords: neither MONITOR nor SLOWLOG shows
// them.
constexpr std::array<CommandSpec, 32> kCommands = {{
    {"rg.pyexecute", GuardedCommand<PyExecuteCommand>,
     "readonly no-monitor no-slowlog", true},
    {"rg.dumpregistrations", GuardedCommand<DumpRegistrationsCommand>,
     "readonly", false},
    {"rg.unregister", GuardedCommand<UnregisterCommand>,
     "readonly may-replicate", true},
    {"rg.configget", GuardedCommand<ConfigGetCommand>,
     "readonly no-monitor no-slowlog", true},
    {"rg.configset", GuardedCommand<ConfigSetCommand>,
     "readonly no-monitor no-slowlog", true},
    {"rg.writebehind", GuardedCommand<WriteBehindCommand>,
     "readonly may-replicate deny-script", true},
    {"rg.status", GuardedCommand<StatusCommand>, "readonly", false},
    {"rg.host", GuardedCommand<HostCommand>,
     "admin may-replicate deny-script no-monitor no-slowlog", true},
    {"rg.hostauth", GuardedCommand<HostAuthCommand>,
     "readonly deny-script no-monitor no-slowlog no-auth", false},
    {"rg.trigger", GuardedCommand<TriggerCommand>, "readonly", false},
    {"rg.triggeronkey", GuardedCommand<TriggerOnKeyCommand>, "readonly", false},
    {"rg.getexecution", GuardedCommand<HostAnsweredCommand>, "readonly", false},
    {"rg.getresults", GuardedCommand<HostAnsweredCommand>, "readonly", false},
    {"rg.getresultsblocking", GuardedCommand<HostAnsweredCommand>, "readonly",
     false},
    {"rg.dumpexecutions", GuardedCommand<HostAnsweredCommand>, "readonly",
     false},
    {"rg.dropexecution", GuardedCommand<HostAnsweredCommand>, "readonly",
     false},
    {"rg.abortexecution", GuardedCommand<HostAnsweredCommand>, "readonly",
     false},
    {"rg.pydumpsessions", GuardedCommand<HostAnsweredCommand>, "readonly",
     false},
    {"rg.pydumpreqs", GuardedCommand<HostAnsweredCommand>, "readonly", false},
    {"rg.pyexportreq", GuardedCommand<AdministratorsHostCommand>, "readonly",
     true},
    {"rg.pyimportreq", GuardedCommand<AdministratorsHostCommand>,
     "readonly no-monitor no-slowlog", true},
    {"rg.pystats", GuardedCommand<HostAnsweredCommand>, "readonly", false},
    {"rg.pyprofile", GuardedCommand<HostAnsweredCommand>, "readonly", false},
    {"rg.pauseregistrations", GuardedCommand<AdministratorsHostCommand>,
     "readonly", true},
    {"rg.unpauseregistrations", GuardedCommand<AdministratorsHostCommand>,
     "readonly", true},
    {"rg.clearregistrationsstats",
     GuardedCommand<ClearRegistrationsStatsCommand>, "readonly", false},
    {"rg.infocluster", GuardedCommand<InfoClusterCommand>, "readonly", false},
    {"rg.refreshcluster", GuardedCommand<NothingToDoCommand>, "readonly",
     false},
    {"rg.networktest", GuardedCommand<NothingToDoCommand>, "readonly", false},
    {"rg.dumpplugins", GuardedCommand<DumpPluginsCommand>, "readonly", false},
    {"rg.pyexecuteremote", GuardedCommand<NoRemoteCommand>, "readonly", false},
    {"rg.pyfreeinterpreter", GuardedCommand<NoFreeCommand>, "readonly", false},
}};

}  // namespace

int CreateCommands(rm::Ctx* ctx) {
  for (const CommandSpec& command : kCommands) {
    if (rm::CreateCommand(ctx, command.name, command.run, command.flags, 0, 0,
                          0) != rm::kOk) {
      rm::Log(ctx, "warning",
              "%s exists already: is RedisGears or another regear loaded?",
              command.name);
      return rm::kErr;
    }
    if (command.administrators_only) {
      RestrictToAdministrators(ctx, command.name);
    }
  }
  return rm::kOk;
}

}  // namespace regear
