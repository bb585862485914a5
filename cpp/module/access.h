// What callers may do.
#pragma once

#include "module/module_api.h"

namespace regear {

// Puts `command` in the categories @admin and @dangerous where the server
// lets modules say so (7.2).
void RestrictToAdministrators(rm::Ctx* ctx, const char* command);

// Where it does not, the caller must have the right to MODULE LOAD, which is
// in these categories. Replies with the error and returns false if not.
bool CheckAdministrator(rm::Ctx* ctx);

// Whether the caller has the rights to the command `argv` and to its keys.
bool CallerMayRun(rm::Ctx* ctx, rm::String** argv, int argc);

}  // namespace regear
