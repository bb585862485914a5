#include "module/function_call.h"

#include <algorithm>

#include "module/command_table.h"
#include "module/module_state.h"

namespace regear {

namespace {

bool WritesThrough(rm::Ctx* ctx, rm::String** words, int count) {
  ModuleState& state = State();
  if (!state.through.active() || !state.commands.IsWrite(ctx, words, count)) {
    return false;
  }
  const std::vector<int> keys = KeyPositions(ctx, words, count);
  return std::any_of(keys.begin(), keys.end(), [&](int i) {
    return state.through.RuleOf(View(words[i])) != nullptr;
  });
}

}  // namespace

CallReplyPtr CallForFunction(rm::Ctx* ctx, rm::String** words, int count,
                             std::string* error) {
  if (WritesThrough(ctx, words, count)) {
    *error =
        "WRITETHROUGH a key that is written through cannot be written by a "
        "function of mode sync or in an atomic block, nothing was written";
    return nullptr;
  }
  const std::string name(View(words[0]));
  CallReplyPtr reply(rm::Call(ctx, name.c_str(), "!Ev", words + 1,
                              static_cast<size_t>(count - 1)));
  if (reply == nullptr) *error = "ERR cannot run " + name;
  return reply;
}

}  // namespace regear
