#include "module/json_document.h"

#include <cstddef>

namespace regear {

namespace {

// What RedisJSON shares with other modules under this name. Later versions
// append to it; these are the entries that every one has.
constexpr const char* kSharedName = "RedisJSON_V1";
using Value = const void*;
struct SharedApi {
  Value (*open_key)(rm::Ctx*, rm::String* key);
  void (*unused[12])();
  // The text becomes ours.
  int (*get_json)(Value, rm::Ctx*, rm::String** text);
};

// The module may be loaded after us, but, as we use it, not unloaded.
const SharedApi* Shared(rm::Ctx* ctx) {
  static const SharedApi* api = nullptr;
  if (api == nullptr) {
    api = static_cast<const SharedApi*>(rm::GetSharedAPI(ctx, kSharedName));
  }
  return api;
}

bool HoldsModuleType(rm::Ctx* ctx, rm::String* key) {
  const KeyPtr open(rm::OpenKey(ctx, key, rm::kOpenRead | rm::kOpenNoTouch));
  return open != nullptr && rm::KeyType(open.get()) == rm::kKeyModule;
}

StringPtr ReadByCommand(rm::Ctx* ctx, rm::String* key) {
  const CallReplyPtr reply(rm::Call(ctx, "JSON.GET", "s", key));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyString) {
    return nullptr;
  }
  return MakeString(View(reply.get()));
}

}  // namespace

StringPtr ReadDocument(rm::Ctx* ctx, rm::String* key) {
  if (!HoldsModuleType(ctx, key)) return nullptr;
  const SharedApi* api = Shared(ctx);
  if (api == nullptr) return ReadByCommand(ctx, key);
  const Value root = api->open_key(ctx, key);
  rm::String* text = nullptr;
  if (root == nullptr || api->get_json(root, ctx, &text) != rm::kOk) {
    return nullptr;
  }
  return StringPtr(text);
}

bool HoldsDocument(rm::Ctx* ctx, rm::String* key) {
  if (!HoldsModuleType(ctx, key)) return false;
  if (const SharedApi* api = Shared(ctx)) return api->open_key(ctx, key);
  return ReadByCommand(ctx, key) != nullptr;
}

}  // namespace regear
