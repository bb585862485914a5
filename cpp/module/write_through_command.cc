// rg.wt: checks everything that Redis would check, then blocks the client.
#include <string>
#include <vector>

#include "module/access.h"
#include "module/guard.h"
#include "module/module_state.h"
#include "module/through_keys.h"
#include "module/through_reply.h"
#include "module/write_through.h"

namespace regear {

namespace {

constexpr const char* kMayNotBlock =
    "WRITETHROUGH a key that is written through cannot be written inside "
    "MULTI or a script, nothing was written: send it alone (in redis-py "
    "pipeline(transaction=False))";

// Whether the calling user may run `words`, with the key that was named and
// with the one that it stands for.
bool MayRun(rm::Ctx* ctx, std::vector<rm::String*> words, rm::String* real) {
  const auto allowed = [&] {
    return CallerMayRun(ctx, words.data(), static_cast<int>(words.size()));
  };
  if (!allowed()) return false;
  words[1] = real;
  return allowed();
}

int RunAsItIs(rm::Ctx* ctx, rm::String** words, int count) {
  std::vector<StringPtr> shared;
  shared.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) shared.push_back(Share(words[i]));
  const bool resp3 = (rm::GetContextFlags(ctx) & rm::kContextResp3) != 0;
  const CallReplyPtr reply = RunCommand(ctx, shared, resp3);
  if (reply == nullptr) return rm::ReplyWithError(ctx, "ERR unknown command");
  return rm::ReplyWithCallReply(ctx, reply.get());
}

// The keys of a command are words[1] to the one before this.
int KeysEnd(HashCommand command, int count) {
  return command == HashCommand::kDelete ? count : 2;
}

// Null if nothing speaks against blocking the client; else the error.
const char* Objection(rm::Ctx* ctx, const ThroughRule& rule,
                      HashCommand command, rm::String** words, int count) {
  if (rm::GetContextFlags(ctx) & rm::kContextMayNotBlock) return kMayNotBlock;
  for (int i = 1; i < KeysEnd(command, count); ++i) {
    if (State().through.RuleOf(View(words[i])) != &rule) {
      return "WRITETHROUGH keys that are written through are deleted without "
             "others, nothing was written";
    }
    if (!ThroughId(rule.prefix, View(words[i]))) {
      return "WRITETHROUGH the key has no id: it must look like "
             "<prefix>{table:id} or <prefix>:id, nothing was written";
    }
  }
  if (!IsKnownOperation(OperationIn(command, words, count))) {
    return "WRITETHROUGH the field '#' begins with =, +, ~ or -, nothing was "
           "written";
  }
  if (!State().link.held()) {
    return "NOHOST no host is attached, nothing was written; start one: "
           "regear host --redis URL";
  }
  if (State().through.full()) {
    return "WRITETHROUGH too many writes are waiting, nothing was written";
  }
  return nullptr;
}

}  // namespace

int WriteThroughCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 3) return rm::WrongArity(ctx);
  rm::String** words = argv + 1;
  const int count = argc - 1;
  const HashCommand command = HashCommandNamed(View(words[0]));
  if (command == HashCommand::kNone) {
    return rm::ReplyWithError(ctx, "ERR rg.wt does not run this command");
  }
  if (!HasArityOf(command, static_cast<size_t>(count))) {
    return rm::ReplyWithError(ctx, ("ERR wrong number of arguments for '" +
                                    std::string(View(words[0])) + "' command")
                                       .c_str());
  }
  const ThroughRule* rule = nullptr;
  for (int i = 1; i < KeysEnd(command, count) && rule == nullptr; ++i) {
    rule = State().through.RuleOf(View(words[i]));
    if (rule != nullptr && rule->fields->db() != rm::GetSelectedDb(ctx)) {
      rule = nullptr;
    }
  }
  StringPtr real = Share(words[1]);
  if (rule != nullptr) real = MakeString(RealKey(rule->prefix, View(words[1])));
  if (!MayRun(ctx, {words, words + count}, real.get())) {
    return rm::ReplyWithError(
        ctx, ("NOPERM this user has no permissions to run "
              "the '" +
              std::string(View(words[0])) + "' command on these keys")
                 .c_str());
  }
  if (rule == nullptr || State().server.replica()) {
    return RunAsItIs(ctx, words, count);
  }
  const char* objection = Objection(ctx, *rule, command, words, count);
  if (objection != nullptr) return rm::ReplyWithError(ctx, objection);
  State().through.Enqueue(ctx, *rule, command, words, count);
  return rm::kOk;
}

int CreateWriteThroughCommand(rm::Ctx* ctx) {
  // Its key stands behind the name of the real command.
  return rm::CreateCommand(ctx, "rg.wt", GuardedCommand<WriteThroughCommand>,
                           "write deny-oom no-monitor no-slowlog", 2, 2, 1);
}

}  // namespace regear
