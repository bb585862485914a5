// Threads of the engine.
#pragma once

#include <functional>
#include <thread>

namespace regear {

// Starts a thread in which all signals are blocked, SIGPIPE included: they
// are for the program that embeds the engine, not for its helpers. `name` (at
// most 15 characters) shows up in top -H. An exception that leaves `body` is
// logged and ends the thread.
std::thread StartThread(const char* name, std::function<void()> body);

}  // namespace regear
