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

  // Arguments, `first` to `last`, every `step`.
  struct Range {
    int first = 1;
    int last = 0;
    int step = 1;
  };
  // Where the keys of a command of `count` words may stand if it is a write,
  // all its arguments if that depends on them.
  Range WrittenKeys(rm::Ctx* ctx, std::string_view name, int count);

 private:
  struct Facts {
    bool is_write = false;
    bool has_subcommands = false;
    bool keys_vary = false;
    Range keys;  // a `last` below 0 counts from the end
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;  // NOLINT: the library's name
  };

  // Null if the server does not know `name` ("xgroup", "XGROUP|CREATE").
  const Facts* Find(rm::Ctx* ctx, std::string_view name);
  const Facts* Ask(rm::Ctx* ctx, std::string_view lower_name);

  // By name, of those that the server knows: not many, asked for once each.
  std::unordered_map<std::string, Facts, Hash, std::equal_to<>> known_;
};

// The indices of the keys in `argv`, name first; none if it is malformed.
std::vector<int> KeyPositions(rm::Ctx* ctx, rm::String** argv, int argc);

}  // namespace regear
