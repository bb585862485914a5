// Which program a server starts as its host.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regear {

struct HostCommandLine {
  std::vector<std::string> words;  // empty: none is to be started
  std::string error;               // why none can be, and what to do
};

using ModuleArguments = std::vector<std::pair<std::string, std::string>>;

// The value of `key` among the module's arguments; empty if it is not there.
std::string_view ArgumentNamed(const ModuleArguments& arguments,
                               std::string_view key);

// From the arguments Host (auto, none, or a command) and HostPython. Without
// the latter the interpreter is the one that regear is installed for, which
// the module's own path tells.
HostCommandLine FindHost(const ModuleArguments& arguments);

// The interpreter for the package at `folder`, or nothing: of the same
// environment if it is in one, else of that version in PATH.
std::string FindInterpreter(const std::string& folder);

}  // namespace regear
