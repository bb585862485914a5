#include "module/dirty_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "module/own_writes.h"

namespace regear {

namespace {

using nlohmann::json;

// Bytes as the characters U+0000 … U+00FF, in UTF-8, and back.
std::string ToText(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x80) {
      text += byte;
    } else {
      text += static_cast<char>(0xC0 | (code >> 6));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return text;
}

std::string ToBytes(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto code = static_cast<unsigned char>(text[i]);
    if (code < 0x80 || i + 1 == text.size()) {
      bytes += text[i];
    } else {
      ++i;
      bytes += static_cast<char>(((code & 0x03) << 6) |
                                 (static_cast<unsigned char>(text[i]) & 0x3F));
    }
  }
  return bytes;
}

json List(const std::vector<std::string>& texts) {
  json list = json::array();
  for (const std::string& text : texts) list.push_back(ToText(text));
  return list;
}

std::vector<std::string> Texts(const json& object, const char* name) {
  std::vector<std::string> texts;
  const auto it = object.find(name);
  if (it == object.end()) return texts;
  for (const json& text : *it)
    texts.push_back(ToBytes(text.get<std::string>()));
  return texts;
}

bool Failed(const CallReplyPtr& reply) {
  return reply == nullptr || rm::CallReplyType(reply.get()) == rm::kReplyError;
}

DirtyKey DecodeOrDirty(std::string_view text) {
  try {
    return DirtyKey::Decode(text);
  } catch (const std::exception&) {
    return DirtyKey{};  // others wrote it: the key is dirty at least
  }
}

}  // namespace

void DirtyKey::Merge(const ChangeEntry& entry) {
  op = entry.op();
  // A whole value or none: what was cleared before is of the value before.
  if (op != ChangeOp::kMerge) cleared.clear();
  for (const std::string_view field : entry.Values("_clear")) {
    if (std::find(cleared.begin(), cleared.end(), field) == cleared.end()) {
      cleared.emplace_back(field);
    }
  }
  for (const std::string_view ack : entry.Values("_uuid")) {
    acks.emplace_back(ack);
  }
}

std::string DirtyKey::Encode() const {
  json object = {{"o", std::string(1, static_cast<char>(op))}};
  if (!cleared.empty()) object["c"] = List(cleared);
  if (!acks.empty()) object["a"] = List(acks);
  return object.dump();
}

DirtyKey DirtyKey::Decode(std::string_view text) {
  const json object = json::parse(text);
  const auto op = object.at("o").get<std::string>();
  if (op != "=" && op != "!" && op != "~") {
    throw std::invalid_argument("unknown op " + op);
  }
  DirtyKey key;
  key.op = static_cast<ChangeOp>(op[0]);
  key.cleared = Texts(object, "c");
  key.acks = Texts(object, "a");
  return key;
}

StringPtr DirtyKeys::Stored(rm::Ctx* ctx, rm::String* key) const {
  const KeyPtr hash(
      rm::OpenKey(ctx, hash_.name(), rm::kOpenRead | rm::kOpenNoTouch));
  if (hash == nullptr || rm::KeyType(hash.get()) != rm::kKeyHash) return {};
  rm::String* value = nullptr;
  rm::HashGet(hash.get(), rm::kHashNone, key, &value, nullptr);
  return StringPtr(value);
}

std::optional<DirtyKey> DirtyKeys::Find(rm::Ctx* ctx, rm::String* key) const {
  const auto remembered = memory_.find(View(key));
  if (remembered != memory_.end()) return remembered->second;
  const DatabaseScope database(ctx, 0);
  const StringPtr stored = Stored(ctx, key);
  if (stored == nullptr) return std::nullopt;
  return DecodeOrDirty(View(stored.get()));
}

bool DirtyKeys::Mark(rm::Ctx* ctx, const ChangeEntry& entry) {
  const OwnWrites own;
  const DatabaseScope database(ctx, 0);
  const std::string_view name = View(entry.key());
  const auto remembered = memory_.find(name);
  if (remembered != memory_.end()) {
    remembered->second.Merge(entry);
    return true;
  }
  DirtyKey key;
  const StringPtr stored = Stored(ctx, entry.key());
  if (stored != nullptr) key = DecodeOrDirty(View(stored.get()));
  key.Merge(entry);
  const std::string text = key.Encode();
  const CallReplyPtr reply(rm::Call(ctx, "HSET", "!ssb", hash_.name(),
                                    entry.key(), text.data(), text.size()));
  if (!Failed(reply)) {
    hash_.Recount(ctx);
    return true;
  }
  if (memory_.size() >= kMaxInMemory) return false;
  memory_.emplace(name, std::move(key));
  return true;
}

std::vector<std::pair<std::string, DirtyKey>> DirtyKeys::Some(rm::Ctx* ctx,
                                                              size_t max) {
  const DatabaseScope database(ctx, 0);
  std::vector<std::pair<std::string, DirtyKey>> some;
  for (const auto& [name, key] : memory_) {
    if (some.size() == max) return some;
    some.emplace_back(name, key);
  }
  const KeyPtr hash(
      rm::OpenKey(ctx, hash_.name(), rm::kOpenRead | rm::kOpenNoTouch));
  if (hash == nullptr || rm::KeyType(hash.get()) != rm::kKeyHash) return some;
  const auto collect = [](rm::Key*, rm::String* field, rm::String* value,
                          void* data) noexcept {
    static_cast<std::vector<std::pair<std::string, DirtyKey>>*>(data)
        ->emplace_back(View(field), DecodeOrDirty(View(value)));
  };
  // Goes on where the last call stopped: the front of a table that shrinks
  // is empty.
  for (int round = 0; round < 2; ++round) {
    if (cursor_ == nullptr) cursor_.reset(rm::ScanCursorCreate());
    while (some.size() < max) {
      if (!rm::ScanKey(hash.get(), cursor_.get(), collect, &some)) {
        cursor_.reset();
        break;
      }
    }
    if (!some.empty()) break;
  }
  return some;
}

long long DirtyKeys::Clear(rm::Ctx* ctx) {
  const OwnWrites own;
  const DatabaseScope database(ctx, 0);
  const long long before = size();
  memory_.clear();
  cursor_.reset();
  if (hash_.size() > 0) {
    const CallReplyPtr reply(rm::Call(ctx, "DEL", "!s", hash_.name()));
  }
  hash_.Recount(ctx);
  return before - size();
}

void DirtyKeys::Erase(rm::Ctx* ctx, const std::vector<std::string>& keys) {
  const OwnWrites own;
  const DatabaseScope database(ctx, 0);
  std::vector<StringPtr> owned;
  std::vector<rm::String*> names;
  for (const std::string& key : keys) {
    if (memory_.erase(key) > 0) continue;
    owned.push_back(MakeString(key));
    names.push_back(owned.back().get());
  }
  if (names.empty()) return;
  const CallReplyPtr reply(
      rm::Call(ctx, "HDEL", "!sv", hash_.name(), names.data(), names.size()));
  hash_.Recount(ctx);
}

}  // namespace regear
