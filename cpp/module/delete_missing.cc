#include "module/delete_missing.h"

#include <string>
#include <string_view>
#include <vector>

#include "module/access.h"
#include "module/guard.h"
#include "module/handles.h"
#include "module/module_state.h"
#include "module/text.h"

namespace regear {

namespace {

constexpr std::string_view kName = "rg.del";

// Redis 7.0 has neither clients in the filter nor reads without effects.
bool FilterKnowsClients() { return rm::CommandFilterGetClientId != nullptr; }

// Whether `key` is gone, told without the server expiring it on the way: the
// client may have no right to any of this.
bool IsMissing(rm::Ctx* ctx, int db, rm::String* key) {
  const DatabaseScope database(ctx, db);
  const KeyPtr open(rm::OpenKey(
      ctx, key, rm::kOpenRead | rm::kOpenNoTouch | rm::kOpenNoEffects));
  return open == nullptr || rm::KeyType(open.get()) == rm::kKeyEmpty;
}

bool MayRun(rm::User* user, std::vector<rm::String*>& argv) {
  return rm::ACLCheckCommandPermissions(
             user, argv.data(), static_cast<int>(argv.size())) == rm::kOk;
}

// "user <name> on … +@all (selector)": without exception, so that one who may
// not run DEL gets the server's own answer.
bool UserMayRun(std::string_view rules) {
  rules = rules.substr(0, rules.find(" ("));
  return rules.find(" +@all") != std::string_view::npos &&
         rules.find(" -") == std::string_view::npos;
}

bool EveryUserMayRun(rm::Ctx* ctx) {
  const CallReplyPtr users(rm::Call(ctx, "ACL", "c", "LIST"));
  if (users == nullptr || rm::CallReplyType(users.get()) != rm::kReplyArray) {
    return false;
  }
  const size_t count = rm::CallReplyLength(users.get());
  for (size_t i = 0; i < count; ++i) {
    size_t length = 0;
    const char* rules = rm::CallReplyStringPtr(
        rm::CallReplyArrayElement(users.get(), i), &length);
    if (rules == nullptr || !UserMayRun({rules, length})) return false;
  }
  return true;
}

bool DeletesDocument(std::string_view name) {
  return SameIgnoringCase(name, "json.del") ||
         SameIgnoringCase(name, "json.forget");
}

// JSON.DEL with another path than the whole document deletes no key.
bool DeletesKeys(rm::FilterCtx* command) {
  if (!DeletesDocument(View(rm::CommandFilterArgGet(command, 0)))) return true;
  const int count = rm::CommandFilterArgsCount(command);
  if (count != 3) return count == 2;
  const std::string_view path = View(rm::CommandFilterArgGet(command, 2));
  return path == "$" || path == ".";
}

}  // namespace

void DeleteMissing::OnDelete(rm::FilterCtx* command, uint64_t client) {
  if (!server_.captures() || !DeletesKeys(command)) return;
  if (!IsWanted(command, client)) return;
  if (!MayRewrite(command, client)) return;
  rm::CommandFilterArgInsert(command, 0, MakeString(kName).release());
}

bool DeleteMissing::IsWanted(rm::FilterCtx* command, uint64_t client) const {
  // Only the moment at which the command runs decides what is missing: that
  // is later for one that MULTI queues.
  const bool runs_now = FilterKnowsClients() && !in_multi_.contains(client);
  const int count = rm::CommandFilterArgsCount(command);
  for (int i = 1; i < count; ++i) {
    rm::String* key = rm::CommandFilterArgGet(command, i);
    const auto missing = [&](int db) {
      return !runs_now || IsMissing(context_.get(), db, key);
    };
    if (capture_.WantsMissing(View(key), missing)) return true;
  }
  return false;
}

bool DeleteMissing::MayRewrite(rm::FilterCtx* command, uint64_t client) {
  rm::Ctx* ctx = context_.get();
  if (!FilterKnowsClients()) {
    if (users_may_change_ || !every_user_may_) {
      every_user_may_ = EveryUserMayRun(ctx);
    }
    return *every_user_may_;
  }
  StringPtr name(rm::GetClientUserNameById(ctx, client));
  // A script runs its commands as the client that called it.
  if (name == nullptr && (rm::GetContextFlags(ctx) & rm::kContextLua)) {
    name.reset(rm::GetClientUserNameById(ctx, caller_));
  }
  if (name == nullptr) return false;  // another module's call
  const UserPtr user = FindUser(name.get());
  if (user == nullptr) return false;
  std::vector<rm::String*> argv = ArgumentsOf(command);
  if (!MayRun(user.get(), argv)) return false;  // the server shall say so
  const StringPtr own = MakeString(kName);
  argv.insert(argv.begin(), own.get());
  return MayRun(user.get(), argv);
}

int CreateDeleteCommand(rm::Ctx* ctx) {
  // The keys stand behind the name of the real command. Neither MONITOR nor
  // SLOWLOG shows the wrapping: they show the real command, which runs inside.
  const int created =
      rm::CreateCommand(ctx, kName.data(), GuardedCommand<DeleteCommand>,
                        "write no-monitor no-slowlog", 2, -1, 1);
  if (created != rm::kOk) return created;
  rm::Command* command = rm::GetCommand(ctx, kName.data());
  // The right to write a key is enough to delete it.
  rm::CommandKeySpec keys[2] = {};
  keys[0].flags = rm::kKeySpecRemove | rm::kKeySpecDelete;
  keys[0].begin_search = rm::kBeginSearchIndex;
  keys[0].begin.index.position = 2;
  keys[0].find_keys = rm::kFindKeysRange;
  keys[0].find.range = {-1, 1, 0};
  static constexpr rm::CommandInfoVersion kVersion = {
      1, rm::kHistoryEntrySize, sizeof(rm::CommandKeySpec), rm::kArgumentSize};
  rm::CommandInfo info = {};
  info.version = &kVersion;
  info.arity = -3;
  info.key_specs = keys;
  rm::SetCommandInfo(command, &info);
  if (rm::SetCommandACLCategories != nullptr) {
    rm::SetCommandACLCategories(command, "keyspace write slow");
  }
  return rm::kOk;
}

int DeleteCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 3) return rm::WrongArity(ctx);
  const std::string typed(View(argv[1]));
  const std::string name = LowerCase(typed);
  const bool document = DeletesDocument(name);
  if (name != "del" && name != "unlink" && !document) {
    return rm::ReplyWithError(ctx, "ERR rg.del runs DEL, UNLINK and JSON.DEL");
  }
  rm::String** words = argv + 2;
  const auto count = static_cast<size_t>(argc - 2);
  // The server has checked the right to rg.del and to the keys; the one to the
  // real command may have gone while it was queued.
  if (!CallerMayRun(ctx, argv + 1, argc - 1)) {
    return rm::ReplyWithError(ctx,
                              ("NOPERM this user has no permissions to run "
                               "the '" +
                               name + "' command")
                                  .c_str());
  }
  CallReplyPtr reply;
  const size_t keys = document ? 1 : count;
  State().capture.AroundDelete(ctx, words, keys, [&] {
    reply.reset(rm::Call(ctx, typed.c_str(), "!Ev", words, count));
    return reply != nullptr &&
           rm::CallReplyType(reply.get()) == rm::kReplyInteger;
  });
  if (reply == nullptr) {
    return rm::ReplyWithError(ctx, ("ERR cannot run " + name).c_str());
  }
  return rm::ReplyWithCallReply(ctx, reply.get());
}

}  // namespace regear
