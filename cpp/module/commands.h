// The RG.* commands that clients send.
#pragma once

#include "module/module_api.h"

namespace regear {

// RG.PYEXECUTE script [option …]: runs a recipe in the host.
int PyExecuteCommand(rm::Ctx* ctx, rm::String** argv, int argc);
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

// RG.HOST …: the host's own (docs/host-link.md).
int HostCommand(rm::Ctx* ctx, rm::String** argv, int argc);

}  // namespace regear
