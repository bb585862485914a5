// Finds the writes whose clients have to wait among all commands: to keys that
// are written through, or that trigger functions in mode sync. They are run by
// rg.wt (module/write_through_command.cc).
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
#include "module/function_events.h"
#include "module/handles.h"
#include "module/write_through.h"

namespace regear {

class ThroughFilter {
 public:
  static constexpr std::string_view kName = "rg.wt";
  static constexpr std::string_view kFreeName = "rg.wtn";

  ThroughFilter(const WriteThrough& through, const FunctionEvents& functions,
                CommandTable& commands, DefaultUser& default_user,
                const DetachedContext& context)
      : through_(through),
        functions_(functions),
        commands_(commands),
        default_user_(default_user),
        context_(context) {}

  // The prefixes of all rules; a key that begins otherwise costs next to
  // nothing.
  void Watch(const std::vector<std::string>& prefixes);

  // True if the command of `client` (0: unknown) will be written through.
  bool OnCommand(rm::FilterCtx* command, uint64_t client);
  // The same for functions; commands of a transaction do not wait.
  void HoldForFunctions(rm::FilterCtx* command, uint64_t client);

 private:
  // Empty on Redis 7.0, which does not tell, and for scripts.
  struct Caller {
    StringPtr user;
    bool in_multi = false;
    std::optional<int> db;  // unknown: any
  };

  // `is_such` takes the text of a key.
  template <typename Predicate>
  bool MayNameKey(rm::FilterCtx* command, Predicate is_such);
  // The same, of commands that write.
  template <typename Predicate>
  bool WritesKey(std::vector<rm::String*>& argv, Predicate is_such);
  Caller LookAt(uint64_t client) const;
  // May put it in front of `argv`.
  std::string_view NameFor(const Caller& caller,
                           std::vector<rm::String*>& argv);

  const WriteThrough& through_;
  const FunctionEvents& functions_;
  CommandTable& commands_;
  DefaultUser& default_user_;
  const DetachedContext& context_;
  std::bitset<256> first_bytes_;
};

}  // namespace regear
