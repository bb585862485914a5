#include "module/through_reply.h"

#include <strings.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "module/command_arguments.h"

namespace regear {

bool HasMappedField(const HashWrite& write, const CaptureRule& fields) {
  const auto mapped = [&](rm::String* field) {
    return fields.WantsField(View(field));
  };
  return std::any_of(
             write.set.begin(), write.set.end(),
             [&](const auto& pair) { return mapped(pair.field.get()); }) ||
         std::any_of(write.cleared.begin(), write.cleared.end(),
                     [&](const auto& field) { return mapped(field.get()); });
}

void ReplyEntry(rm::Ctx* ctx, StreamId id, std::string_view row_id,
                std::string_view command, const HashWrite& write,
                const CaptureRule& fields) {
  std::string event(command);
  std::transform(event.begin(), event.end(), event.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  std::vector<std::string_view> words = {
      "_original_key", row_id, "_event", event, "#", write.deletes ? "~" : "="};
  if (!write.deletes) {
    for (const StringPtr& field : write.cleared) {
      if (!fields.WantsField(View(field.get()))) continue;
      words.insert(words.end(), {"_clear", View(field.get())});
    }
    for (const auto& pair : write.set) {
      if (!fields.WantsField(View(pair.field.get()))) continue;
      words.insert(words.end(),
                   {View(pair.field.get()), View(pair.value.get())});
    }
  }
  rm::ReplyWithArray(ctx, 2);
  Reply(ctx, Text(id));
  rm::ReplyWithArray(ctx, static_cast<long>(words.size()));
  for (const std::string_view word : words) Reply(ctx, word);
}

CallReplyPtr RunCommand(rm::Ctx* ctx, const std::vector<StringPtr>& words,
                        bool resp3) {
  std::vector<rm::String*> arguments;
  for (size_t i = 1; i < words.size(); ++i) arguments.push_back(words[i].get());
  const std::string name(View(words[0].get()));
  return CallReplyPtr(rm::Call(ctx, name.c_str(), resp3 ? "!E3v" : "!Ev",
                               arguments.data(), arguments.size()));
}

void ApplyState(rm::Ctx* ctx, rm::String* key, const HashWrite& write) {
  if (write.deletes) {
    const CallReplyPtr reply(rm::Call(ctx, "DEL", "!s", key));
    return;
  }
  std::vector<rm::String*> words;
  for (const StringPtr& field : write.cleared) words.push_back(field.get());
  if (!words.empty()) {
    const CallReplyPtr reply(
        rm::Call(ctx, "HDEL", "!sv", key, words.data(), words.size()));
  }
  words.clear();
  for (const auto& pair : write.set) {
    words.insert(words.end(), {pair.field.get(), pair.value.get()});
  }
  if (!words.empty()) {
    const CallReplyPtr reply(
        rm::Call(ctx, "HSET", "!sv", key, words.data(), words.size()));
  }
}

void ReplyForState(rm::Ctx* ctx, HashCommand command,
                   const std::vector<StringPtr>& words,
                   const HashWrite& write) {
  switch (command) {
    case HashCommand::kHincrby:
      rm::ReplyWithLongLong(
          ctx, std::stoll(std::string(View(write.set.front().value.get()))));
      return;
    case HashCommand::kHincrbyfloat:
      rm::ReplyWithString(ctx, write.set.front().value.get());
      return;
    case HashCommand::kHdel:
      rm::ReplyWithLongLong(ctx, static_cast<long long>(write.cleared.size()));
      return;
    case HashCommand::kHset:
      if (strcasecmp(std::string(View(words[0].get())).c_str(), "hmset") == 0) {
        rm::ReplyWithSimpleString(ctx, "OK");
      } else {
        rm::ReplyWithLongLong(ctx, 0);  // all fields were there
      }
      return;
    default:
      rm::ReplyWithLongLong(ctx, 1);
  }
}

}  // namespace regear
