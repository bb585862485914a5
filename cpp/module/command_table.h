// What the server says about its commands, and those of other modules.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "module/handles.h"

namespace regear {

// Main thread only.
class CommandTable {
 public:
  // Whether `argv`, name first, is a command that the server counts as a
  // write. False if it does not know the command.
  bool IsWrite(rm::Ctx* ctx, rm::String** argv, int argc);

 private:
  struct Facts {
    bool is_write = false;
    bool has_subcommands = false;
  };
  // Null if the server does not know `name` ("xgroup", "xgroup|create").
  const Facts* Find(rm::Ctx* ctx, std::string_view name);

  // By name, of those that the server knows: not many, asked for once each.
  std::unordered_map<std::string, Facts> known_;
};

// The indices of the keys in `argv`, name first; none if it is malformed.
std::vector<int> KeyPositions(rm::Ctx* ctx, rm::String** argv, int argc);

}  // namespace regear
