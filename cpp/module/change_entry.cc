#include "module/change_entry.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace regear {

namespace {

// Made once, never freed: the server holds references into streams and
// replication buffers for as long as it likes.
struct Constants {
  rm::String* const key = Make("_original_key");
  rm::String* const event = Make("_event");
  rm::String* const op = Make("#");
  rm::String* const ack = Make("_uuid");
  rm::String* const unit = Make("_unit");
  rm::String* const plus = Make("+");
  rm::String* const clear = Make("_clear");
  rm::String* const merge = Make("=");
  rm::String* const replace = Make("!");
  rm::String* const remove = Make("~");

  static rm::String* Make(std::string_view text) {
    return MakeString(text).release();
  }
};

const Constants& Texts() {
  static const Constants kConstants;
  return kConstants;
}

rm::String* OpText(ChangeOp op) {
  switch (op) {
    case ChangeOp::kMerge:
      return Texts().merge;
    case ChangeOp::kReplace:
      return Texts().replace;
    case ChangeOp::kDelete:
      return Texts().remove;
  }
  return Texts().merge;
}

// Servers have a few dozen event names; each is made a string once.
rm::String* EventText(std::string_view event) {
  static std::unordered_map<std::string, StringPtr> texts;
  StringPtr& text = texts[std::string(event)];
  if (text == nullptr) text = MakeString(event);
  return text.get();
}

}  // namespace

ChangeEntry::ChangeEntry(rm::String* key, std::string_view event, ChangeOp op,
                         bool continues_unit, StringPtr ack) {
  strings_.reserve(24);
  owned_.reserve(12);
  Push(Texts().key);
  owned_.push_back(Share(key));
  Push(key);
  Push(Texts().event);
  Push(EventText(event));
  Push(Texts().op);
  Push(OpText(op));
  if (ack != nullptr) {
    Push(Texts().ack);
    Push(ack.get());
    owned_.push_back(std::move(ack));
  }
  if (continues_unit) {
    Push(Texts().unit);
    Push(Texts().plus);
  }
}

void ChangeEntry::AddCleared(rm::String* field) {
  Push(Texts().clear);
  owned_.push_back(Share(field));
  Push(field);
}

void ChangeEntry::AddField(rm::String* field, StringPtr value) {
  owned_.push_back(Share(field));
  Push(field);
  Push(value.get());
  owned_.push_back(std::move(value));
}

void ChangeEntry::Push(rm::String* shared) { strings_.push_back(shared); }

std::vector<std::string_view> ChangeEntry::Values(std::string_view name) const {
  constexpr size_t kHead = 6;  // key, event and op
  std::vector<std::string_view> values;
  for (size_t i = kHead; i + 1 < strings_.size(); i += 2) {
    const std::string_view own = View(strings_[i]);
    if (!own.starts_with('_')) break;
    if (own == name) values.push_back(View(strings_[i + 1]));
  }
  return values;
}

bool ChangeEntry::AppendTo(rm::Ctx* ctx, rm::String* stream,
                           const ServerState& server, StreamId* last) {
  const DatabaseScope database(ctx, 0);
  rm::StreamId id{};
  {
    const KeyPtr key(rm::OpenKey(ctx, stream, rm::kOpenRead | rm::kOpenWrite));
    if (key == nullptr) return false;
    int flags = rm::kStreamAddAutoId;
    if (rm::KeyType(key.get()) == rm::kKeyEmpty) [[unlikely]] {
      const auto now = static_cast<uint64_t>(rm::Milliseconds());
      id = std::max(StreamId{now, 0}, last->Next()).raw();
      flags = 0;
    }
    if (rm::StreamAdd(key.get(), flags, &id, strings_.data(),
                      static_cast<long>(strings_.size() / 2)) != rm::kOk) {
      return false;
    }
  }
  *last = {id.ms, id.seq};
  if (!server.replicates()) return true;
  // StreamAdd does not replicate: send the command with the id it chose.
  std::array<char, 48> text;
  const int length = std::snprintf(text.data(), text.size(), "%llu-%llu",
                                   static_cast<unsigned long long>(id.ms),
                                   static_cast<unsigned long long>(id.seq));
  rm::Replicate(ctx, "XADD", "sbv", stream, text.data(),
                static_cast<size_t>(length), strings_.data(), strings_.size());
  return true;
}

}  // namespace regear
