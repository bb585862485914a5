#include "module/default_user.h"

#include "module/handles.h"

namespace regear {

namespace {

// ACL GETUSER takes 70 us on Redis 7.0, some 5 later. Commands that change
// users are seen, but may have been renamed.
constexpr std::chrono::milliseconds kMaxAge(100);

bool CanBeKept(rm::Ctx* ctx) {
  // From 7.2 on a command that was postponed (CLIENT PAUSE) is not filtered
  // again when it runs.
  if (rm::CommandFilterGetClientId != nullptr) return false;
  // The next command of a transaction may change it unseen.
  return (rm::GetContextFlags(ctx) & (rm::kContextMulti | rm::kContextLua)) ==
         0;
}

}  // namespace

bool DefaultUser::IsOpen(rm::Ctx* ctx) {
  Read(ctx);
  return on_ && nopass_;
}

bool DefaultUser::IsOff(rm::Ctx* ctx) {
  Read(ctx);
  return off_;
}

void DefaultUser::Read(rm::Ctx* ctx) {
  const auto now = std::chrono::steady_clock::now();
  if (now < known_until_) return;
  on_ = off_ = nopass_ = false;
  known_until_ = {};
  if (CanBeKept(ctx)) known_until_ = now + kMaxAge;
  // Pairs; the first is "flags" and an array of them.
  const CallReplyPtr reply(rm::Call(ctx, "ACL", "cc", "GETUSER", kName.data()));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyArray ||
      View(rm::CallReplyArrayElement(reply.get(), 0)) != "flags") {
    return;
  }
  rm::CallReply* flags = rm::CallReplyArrayElement(reply.get(), 1);
  const size_t count = rm::CallReplyLength(flags);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view flag = View(rm::CallReplyArrayElement(flags, i));
    on_ = on_ || flag == "on";
    off_ = off_ || flag == "off";
    nopass_ = nopass_ || flag == "nopass";
  }
}

}  // namespace regear
