// No C++ exception may reach the server's C code.
#pragma once

#include <exception>
#include <string>

#include "module/module_api.h"
#include "module/own_writes.h"

namespace regear {

// `handler` as a command of the server: an exception becomes an error reply,
// and what it writes to regear's own keys is meant.
template <rm::CommandFn handler>
int GuardedCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  const OwnWrites own;
  try {
    return handler(ctx, argv, argc);
  } catch (const std::exception& error) {
    return rm::ReplyWithError(
        ctx, ("ERR regear: " + std::string(error.what())).c_str());
  }
}

// Runs `body` in a callback that has nobody to answer: an exception is logged.
template <typename Body>
void Guarded(rm::Ctx* ctx, const char* where, Body body) {
  try {
    body();
  } catch (const std::exception& error) {
    rm::Log(ctx, "warning", "%s failed: %s", where, error.what());
  }
}

}  // namespace regear
