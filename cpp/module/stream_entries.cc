#include "module/stream_entries.h"

#include <algorithm>

#include "module/handles.h"

namespace regear {

namespace {

// Owns strings and lends them to a command as format "v".
class Words {
 public:
  void Add(std::string_view text) {
    owned_.push_back(MakeString(text));
    words_.push_back(owned_.back().get());
  }
  rm::String** data() { return words_.data(); }
  size_t size() const { return words_.size(); }

 private:
  std::vector<StringPtr> owned_;
  std::vector<rm::String*> words_;
};

CallReplyPtr Call(rm::Ctx* ctx, const char* command, Words* words) {
  return CallReplyPtr(
      rm::Call(ctx, command, "!v", words->data(), words->size()));
}

long long Integer(const CallReplyPtr& reply) {
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyInteger) {
    return 0;
  }
  return rm::CallReplyInteger(reply.get());
}

StreamEntry ParseEntry(rm::CallReply* reply) {
  StreamEntry entry;
  entry.id = View(rm::CallReplyArrayElement(reply, 0));
  rm::CallReply* pairs = rm::CallReplyArrayElement(reply, 1);
  const size_t count = rm::CallReplyLength(pairs);
  for (size_t i = 0; i + 1 < count; i += 2) {
    entry.pairs.emplace_back(View(rm::CallReplyArrayElement(pairs, i)),
                             View(rm::CallReplyArrayElement(pairs, i + 1)));
  }
  return entry;
}

}  // namespace

std::string_view StreamEntry::Value(std::string_view name) const {
  const auto found =
      std::find_if(pairs.begin(), pairs.end(),
                   [&](const auto& pair) { return pair.first == name; });
  return found == pairs.end() ? std::string_view() : found->second;
}

StreamEntry MakeDeadLetter(std::string_view key, std::string_view event,
                           std::string_view op, std::string_view change_id,
                           std::string_view error) {
  StreamEntry letter;
  const auto add = [&](const char* name, std::string_view value) {
    letter.pairs.emplace_back(name, value);
  };
  add("_original_key", key);
  add("_event", event);
  add("#", op);
  add("_id", change_id);
  add("_error", error);
  add("_code", "");
  add("_at", std::to_string(rm::Milliseconds()));
  return letter;
}

std::vector<StreamEntry> ReadStream(rm::Ctx* ctx, std::string_view stream,
                                    std::string_view start,
                                    std::string_view end, size_t count) {
  Words words;
  words.Add(stream);
  words.Add(start);
  words.Add(end);
  words.Add("COUNT");
  words.Add(std::to_string(count));
  const CallReplyPtr reply(
      rm::Call(ctx, "XRANGE", "v", words.data(), words.size()));
  std::vector<StreamEntry> entries;
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyArray) {
    return entries;
  }
  const size_t length = rm::CallReplyLength(reply.get());
  for (size_t i = 0; i < length; ++i) {
    entries.push_back(ParseEntry(rm::CallReplyArrayElement(reply.get(), i)));
  }
  return entries;
}

std::string AppendEntry(rm::Ctx* ctx, std::string_view stream,
                        const StreamEntry& entry) {
  Words words;
  words.Add(stream);
  words.Add("*");
  for (const auto& [name, value] : entry.pairs) {
    words.Add(name);
    words.Add(value);
  }
  const CallReplyPtr reply = Call(ctx, "XADD", &words);
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyString) {
    return {};
  }
  return std::string(View(reply.get()));
}

long long DeleteEntries(rm::Ctx* ctx, std::string_view stream,
                        const std::vector<std::string>& ids) {
  if (ids.empty()) return 0;
  Words words;
  words.Add(stream);
  for (const std::string& id : ids) words.Add(id);
  return Integer(Call(ctx, "XDEL", &words));
}

long long EmptyStream(rm::Ctx* ctx, std::string_view stream) {
  Words words;
  words.Add(stream);
  words.Add("MAXLEN");
  words.Add("0");
  return Integer(Call(ctx, "XTRIM", &words));
}

long long StreamLength(rm::Ctx* ctx, std::string_view stream) {
  const CallReplyPtr reply(
      rm::Call(ctx, "XLEN", "b", stream.data(), stream.size()));
  return Integer(reply);
}

}  // namespace regear
