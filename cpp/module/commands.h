// The RG.* commands that clients send.
#pragma once

#include "module/module_api.h"

namespace regear {

// Makes all of these known to the server; kErr if one cannot be.
int CreateCommands(rm::Ctx* ctx);

// RG.PYEXECUTE script [option …]: runs a recipe in the host.
int PyExecuteCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.TRIGGER trigger argument…
int TriggerCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.TRIGGERONKEY trigger key argument…
int TriggerOnKeyCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// Any command of which only the host knows something.
int HostAnsweredCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// The same, where it lets code in.
int AdministratorsHostCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.CLEARREGISTRATIONSSTATS: of functions.
int ClearRegistrationsStatsCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.INFOCLUSTER, on a server that is none.
int InfoClusterCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// Commands about a cluster that tell nobody anything.
int NothingToDoCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.DUMPPLUGINS
int DumpPluginsCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.PYEXECUTEREMOTE and RG.PYFREEINTERPRETER, which are gone.
int NoRemoteCommand(rm::Ctx* ctx, rm::String** argv, int argc);
int NoFreeCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.DUMPREGISTRATIONS
int DumpRegistrationsCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.UNREGISTER id [ABORTPENDING]
int UnregisterCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.CONFIGGET key…
int ConfigGetCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.CONFIGSET key value…
int ConfigSetCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.WRITEBEHIND subcommand registration-name …: for operators.
int WriteBehindCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.STATUS: JSON for `regear status`.
int StatusCommand(rm::Ctx* ctx, rm::String** argv, int argc);

// RG.HOSTAUTH secret: of a host that the server has started.
int HostAuthCommand(rm::Ctx* ctx, rm::String** argv, int argc);
// RG.HOST …: the host's own (docs/host-link.md).
int HostCommand(rm::Ctx* ctx, rm::String** argv, int argc);

}  // namespace regear
