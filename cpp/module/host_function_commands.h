// What the host does for functions: RG.HOST RAN, RESERVE, CALL and ATOMIC.
#pragma once

#include "module/command_arguments.h"

namespace regear {

// RAN fence [registration-id report]…
int HostRan(rm::Ctx* ctx, const CommandArguments& arguments);
// RESERVE fence count
int HostReserve(rm::Ctx* ctx, const CommandArguments& arguments);
// CALL fence host-id command argument…
int HostCall(rm::Ctx* ctx, const CommandArguments& arguments);
// ATOMIC fence host-id quiet socket-name timeout-ms
int HostAtomic(rm::Ctx* ctx, const CommandArguments& arguments);

}  // namespace regear
