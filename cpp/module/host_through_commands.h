// RG.HOST subcommands by which a host writes what clients wait for, as
// described in docs/host-link.md.
#pragma once

#include "module/command_arguments.h"

namespace regear {

// RECOVER fence registration lanes
//     (lane position token parts (id key operation
//      cleared [field…] fields [field value…])…)…
int HostRecover(rm::Ctx* ctx, const CommandArguments& arguments);
// THROUGH fence registration lane count block-ms after
int HostThrough(rm::Ctx* ctx, const CommandArguments& arguments);
// SETTLE fence registration lane count block-ms after id token
int HostSettle(rm::Ctx* ctx, const CommandArguments& arguments);
// COMMITTED fence registration lane id token
int HostCommitted(rm::Ctx* ctx, const CommandArguments& arguments);
// REFUSED fence registration lane id message
int HostRefused(rm::Ctx* ctx, const CommandArguments& arguments);

}  // namespace regear
