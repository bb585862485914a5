// Owners for the C handles of the module API, and small conversions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "module/module_api.h"

namespace regear {

struct StringDeleter {
  void operator()(rm::String* string) const { rm::FreeString(nullptr, string); }
};
struct KeyDeleter {
  void operator()(rm::Key* key) const { rm::CloseKey(key); }
};
struct CallReplyDeleter {
  void operator()(rm::CallReply* reply) const { rm::FreeCallReply(reply); }
};
struct ScanCursorDeleter {
  void operator()(rm::ScanCursor* cursor) const {
    rm::ScanCursorDestroy(cursor);
  }
};
struct UserDeleter {
  void operator()(rm::User* user) const { rm::FreeModuleUser(user); }
};

using StringPtr = std::unique_ptr<rm::String, StringDeleter>;
using KeyPtr = std::unique_ptr<rm::Key, KeyDeleter>;
using CallReplyPtr = std::unique_ptr<rm::CallReply, CallReplyDeleter>;
using ScanCursorPtr = std::unique_ptr<rm::ScanCursor, ScanCursorDeleter>;
using UserPtr = std::unique_ptr<rm::User, UserDeleter>;

inline std::string_view View(const rm::String* string) {
  size_t length = 0;
  const char* data = rm::StringPtrLen(string, &length);
  return {data, length};
}

// Empty for replies that are no text. Lives as long as `reply`.
inline std::string_view View(rm::CallReply* reply) {
  size_t length = 0;
  const char* data = rm::CallReplyStringPtr(reply, &length);
  return data == nullptr ? std::string_view() : std::string_view(data, length);
}

inline StringPtr MakeString(std::string_view text) {
  return StringPtr(rm::CreateString(nullptr, text.data(), text.size()));
}

inline std::vector<rm::String*> ArgumentsOf(rm::FilterCtx* command) {
  std::vector<rm::String*> argv;
  const int count = rm::CommandFilterArgsCount(command);
  argv.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    argv.push_back(rm::CommandFilterArgGet(command, i));
  }
  return argv;
}

// Shares `string` with its present owner.
inline StringPtr Share(rm::String* string) {
  rm::RetainString(nullptr, string);
  return StringPtr(string);
}

// Selects a database for a scope and goes back to the one before.
class DatabaseScope {
 public:
  DatabaseScope(rm::Ctx* ctx, int db)
      : ctx_(ctx),
        previous_(rm::GetSelectedDb(ctx)),
        changed_(previous_ != db) {
    if (changed_) rm::SelectDb(ctx_, db);
  }
  ~DatabaseScope() {
    if (changed_) rm::SelectDb(ctx_, previous_);
  }
  DatabaseScope(const DatabaseScope&) = delete;
  DatabaseScope& operator=(const DatabaseScope&) = delete;

 private:
  rm::Ctx* const ctx_;
  const int previous_;
  const bool changed_;
};

// A context that outlives commands, with a client that has no user: for one
// piece of work at a time on the main thread.
class DetachedContext {
 public:
  explicit DetachedContext(rm::Ctx* ctx)
      : ctx_(rm::GetDetachedThreadSafeContext(ctx)) {}
  rm::Ctx* get() const { return ctx_; }

 private:
  rm::Ctx* const ctx_;  // never freed: lives as long as the server
};

}  // namespace regear
