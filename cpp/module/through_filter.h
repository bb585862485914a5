// Finds the writes to keys that are written through among all commands, and
// has rg.wt (module/write_through_command.cc) run them.
//
// The server checks the right to the command rg.wt, of which most users have
// never heard, so it has a second name, rg.wtn, that takes no right; nor does
// a client have to authenticate for it. That name is chosen where every client
// counts as authenticated, or its user tells that it has. What the caller may
// do is checked by the command itself.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "module/command_table.h"
#include "module/default_user.h"
#include "module/handles.h"
#include "module/write_through.h"

namespace regear {

class ThroughFilter {
 public:
  static constexpr std::string_view kName = "rg.wt";
  static constexpr std::string_view kFreeName = "rg.wtn";

  ThroughFilter(const WriteThrough& through, CommandTable& commands,
                DefaultUser& default_user, const DetachedContext& context)
      : through_(through),
        commands_(commands),
        default_user_(default_user),
        context_(context) {}

  // The prefixes of all rules; a key that begins otherwise costs next to
  // nothing.
  void Watch(const std::vector<std::string>& prefixes);

  // True if the command of `client` (0: unknown) will be run by rg.wt.
  bool OnCommand(rm::FilterCtx* command, uint64_t client);

 private:
  // Empty on Redis 7.0, which does not tell, and for scripts.
  struct Caller {
    StringPtr user;
    bool in_multi = false;
    std::optional<int> db;  // unknown: any
  };

  bool MayNameKey(rm::FilterCtx* command);
  Caller LookAt(uint64_t client) const;
  bool IsWanted(const Caller& caller, std::vector<rm::String*>& argv);
  // May put it in front of `argv`.
  std::string_view NameFor(const Caller& caller,
                           std::vector<rm::String*>& argv);

  const WriteThrough& through_;
  CommandTable& commands_;
  DefaultUser& default_user_;
  const DetachedContext& context_;
  std::bitset<256> first_bytes_;
};

}  // namespace regear
