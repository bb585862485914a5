// The subcommands of RG.HOST that deal with changes, dead letters and acks
// (docs/host-link.md). The fence, argument 0, was checked by the caller.
#pragma once

#include "module/command_arguments.h"
#include "module/module_api.h"

namespace regear {

// TRIM fence stream entry-id
int HostTrim(rm::Ctx* ctx, const CommandArguments& arguments);
// CAPTURE fence registration event key…
int HostCapture(rm::Ctx* ctx, const CommandArguments& arguments);
// DEAD fence registration dead|parked change-id field value…
int HostDead(rm::Ctx* ctx, const CommandArguments& arguments);
// CLOSE fence registration dead|parked entry-id…
int HostClose(rm::Ctx* ctx, const CommandArguments& arguments);
// ACK fence registration (ack-stream status error)…
int HostAck(rm::Ctx* ctx, const CommandArguments& arguments);
// RECONCILE fence registration reason
int HostReconcile(rm::Ctx* ctx, const CommandArguments& arguments);

}  // namespace regear
