// rg.wt: checks everything that Redis would check, then blocks the client.
#include <algorithm>
#include <string>
#include <vector>

#include "module/access.h"
#include "module/command_table.h"
#include "module/guard.h"
#include "module/module_state.h"
#include "module/text.h"
#include "module/through_filter.h"
#include "module/through_keys.h"
#include "module/write_through.h"

namespace regear {

namespace {

constexpr const char* kMayNotBlock =
    "WRITETHROUGH a key that is written through cannot be written inside "
    "MULTI or a script, nothing was written: send it alone (in redis-py "
    "pipeline(transaction=False))";

int Fail(rm::Ctx* ctx, const std::string& error) {
  return rm::ReplyWithError(ctx, error.c_str());
}

// The command as it was sent: to a key of another database, say, or to one
// that triggers functions. The client waits for those of mode sync.
int RunAsItIs(rm::Ctx* ctx, rm::String** words, int count) {
  // The server checks the caller's rights once more: in scripts of Redis 7.0
  // nobody else has.
  std::string format = CallerHasUser(ctx) ? "!EC" : "!E";
  if (rm::GetContextFlags(ctx) & rm::kContextResp3) format += '3';
  const std::string name(View(words[0]));
  const bool may_block =
      (rm::GetContextFlags(ctx) & rm::kContextMayNotBlock) == 0;
  const FunctionEvents::HoldScope scope(&State().functions);
  const CallReplyPtr reply(rm::Call(ctx, name.c_str(), (format + 'v').c_str(),
                                    words + 1, static_cast<size_t>(count - 1)));
  if (reply == nullptr) return Fail(ctx, "ERR cannot run " + name);
  HeldReply* const held = may_block ? scope.held() : nullptr;
  if (held == nullptr) return rm::ReplyWithCallReply(ctx, reply.get());
  held->Hold(ctx, reply.get());
  return rm::kOk;
}

// `names_itself`: the key that was named is the one that it stands for.
std::string Refusal(rm::String* name, bool documents, bool names_itself) {
  std::string text = "WRITETHROUGH " + UpperCase(View(name)) +
                     " cannot be written through, nothing was written: use ";
  text += documents ? "JSON.SET and the other commands on documents, DEL or "
                      "UNLINK"
                    : "HSET, HMSET, HSETNX, HINCRBY, HINCRBYFLOAT, HDEL, DEL "
                      "or UNLINK (and HSETEX, HGETDEL where the server has "
                      "them)";
  if (!names_itself) {
    text +=
        "; with the key in the braces alone it changes Redis only, not the row";
  }
  return text;
}

// What the keys of a command have to do with the rules.
struct Named {
  // Some key is named like one that is written through or triggers functions.
  bool any = false;
  // Of the first one that is, in the caller's database.
  const ThroughRule* rule = nullptr;
  bool itself = false;  // that one stands for no other key
  std::vector<int> keys;
};

Named Look(rm::Ctx* ctx, rm::String** words, int count) {
  Named named;
  named.keys = KeyPositions(ctx, words, count);
  for (const int i : named.keys) {
    const ThroughRule* rule = State().through.RuleOf(View(words[i]));
    named.any |= rule != nullptr || State().functions.MayWait(View(words[i]));
    if (rule == nullptr) continue;
    if (named.rule == nullptr && rule->fields->db() == rm::GetSelectedDb(ctx)) {
      named.rule = rule;
      named.itself = RealKey(rule->prefix, View(words[i])) == View(words[i]);
    }
  }
  return named;
}

// Empty if nothing speaks against blocking the client; else the error.
std::string Objection(rm::Ctx* ctx, const Named& named, ThroughCommand command,
                      rm::String** words, int count) {
  const ThroughRule& rule = *named.rule;
  const bool documents = rule.fields->documents();
  const bool fits = command == ThroughCommand::kDelete ||
                    (command == ThroughCommand::kDocument) == documents;
  if (command == ThroughCommand::kNone || !fits) {
    return Refusal(words[0], documents, named.itself);
  }
  if (rm::GetContextFlags(ctx) & rm::kContextMayNotBlock) return kMayNotBlock;
  for (const int i : named.keys) {
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
    return "NOHOST no host is attached, nothing was written; " +
           State().link.absence();
  }
  if (State().through.full()) {
    return "WRITETHROUGH too many writes are waiting, nothing was written";
  }
  return "";
}

// The server's error for the caller of `words`, on the keys as they are named
// and, if `rule` takes them, on those that they stand for.
std::string WhyNotThrough(rm::Ctx* ctx, const Named& named, rm::String** words,
                          int count) {
  std::string error = WhyNotRun(ctx, words, count);
  if (!error.empty() || named.rule == nullptr) return error;
  std::vector<rm::String*> real(words, words + count);
  std::vector<StringPtr> keys;
  for (const int i : named.keys) {
    if (State().through.RuleOf(View(words[i])) == nullptr) continue;
    keys.push_back(MakeString(RealKey(named.rule->prefix, View(words[i]))));
    real[i] = keys.back().get();
  }
  return WhyNotWithKeys(ctx, real.data(), count);
}

int Run(rm::Ctx* ctx, rm::String** words, int count) {
  const ThroughCommand command = ThroughCommandNamed(View(words[0]));
  const Named named = Look(ctx, words, count);
  // Others than these come from the filter only if they name such a key.
  if (!State().commands.IsWrite(ctx, words, count) ||
      (command == ThroughCommand::kNone && !named.any)) {
    return Fail(ctx, "ERR rg.wt does not run this command");
  }
  const std::string error = WhyNotThrough(ctx, named, words, count);
  if (!error.empty()) return Fail(ctx, error);
  if (command != ThroughCommand::kNone &&
      !HasArityOf(command, static_cast<size_t>(count))) {
    return Fail(ctx, "ERR wrong number of arguments for '" +
                         LowerCase(View(words[0])) + "' command");
  }
  if (named.rule == nullptr || State().server.replica()) {
    return RunAsItIs(ctx, words, count);
  }
  const std::string objection = Objection(ctx, named, command, words, count);
  if (!objection.empty()) return Fail(ctx, objection);
  State().through.Enqueue(ctx, *named.rule, command, words, count, named.keys);
  return rm::kOk;
}

// False: the client could be one that has not authenticated.
bool HasAuthenticated(rm::Ctx* ctx) {
  const StringPtr name(rm::GetClientUserNameById(ctx, rm::GetClientId(ctx)));
  return name == nullptr || View(name.get()) != DefaultUser::kName ||
         State().default_user.IsOpen(ctx);
}

}  // namespace

int WriteThroughCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 3) return rm::WrongArity(ctx);
  return Run(ctx, argv + 1, argc - 1);
}

int FreeWriteThroughCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (!HasAuthenticated(ctx)) {
    return rm::ReplyWithError(ctx, "NOAUTH Authentication required.");
  }
  return WriteThroughCommand(ctx, argv, argc);
}

int CreateWriteThroughCommand(rm::Ctx* ctx) {
  // Without keys, as the command checks the rights to them by itself, and
  // without deny-oom, as it is not DEL's. Neither MONITOR nor SLOWLOG shows
  // the wrapping: they show the real command, once it runs.
  if (rm::CreateCommand(ctx, ThroughFilter::kName.data(),
                        GuardedCommand<WriteThroughCommand>,
                        "write no-monitor no-slowlog", 0, 0, 0) != rm::kOk ||
      rm::CreateCommand(ctx, ThroughFilter::kFreeName.data(),
                        GuardedCommand<FreeWriteThroughCommand>,
                        "write no-monitor no-slowlog no-auth", 0, 0,
                        0) != rm::kOk) {
    return rm::kErr;
  }
  if (rm::SetCommandACLCategories != nullptr) {
    rm::SetCommandACLCategories(
        rm::GetCommand(ctx, ThroughFilter::kName.data()), "write hash");
  }
  return rm::kOk;
}

}  // namespace regear
