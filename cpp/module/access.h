// What callers may do.
#pragma once

#include <string>

#include "module/handles.h"
#include "module/module_api.h"

namespace regear {

// Puts `command` in the categories @admin and @dangerous where the server
// lets modules say so (7.2).
void RestrictToAdministrators(rm::Ctx* ctx, const char* command);

// Where it does not, the caller must have the right to MODULE LOAD, which is
// in these categories. Replies with the error and returns false if not.
bool CheckAdministrator(rm::Ctx* ctx);

// The user of that name, a host of the server's own among them; null if there
// is none.
UserPtr FindUser(rm::String* name);

// False for the server's own clients, which may do anything. A script runs as
// the user who called it, though its client has no name.
bool CallerHasUser(rm::Ctx* ctx);

// Whether the caller has the rights to the command `argv` and to its keys.
bool CallerMayRun(rm::Ctx* ctx, rm::String** argv, int argc);

// The error that the server would answer the caller of `argv`, a command that
// writes, before it ran: about its arguments' number, the caller's rights or
// the memory. Empty if it would run.
std::string WhyNotRun(rm::Ctx* ctx, rm::String** argv, int argc);

// The same for a command that has passed with other keys: about the caller's
// right to these.
std::string WhyNotWithKeys(rm::Ctx* ctx, rm::String** argv, int argc);

}  // namespace regear
