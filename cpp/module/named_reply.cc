#include "module/named_reply.h"

#include <string>

#include "module/command_arguments.h"

namespace regear {

using nlohmann::json;

json MemberOf(const json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object.at(name) : json();
}

long long NumberOf(const json& object, const char* name) {
  const json number = MemberOf(object, name);
  return number.is_number() ? number.get<long long>() : 0;
}

void ReplyNumber(rm::Ctx* ctx, std::string_view name, long long number) {
  Reply(ctx, name);
  rm::ReplyWithLongLong(ctx, number);
}

void ReplyText(rm::Ctx* ctx, std::string_view name, const json& text) {
  Reply(ctx, name);
  if (text.is_string()) {
    Reply(ctx, text.get<std::string>());
  } else {
    rm::ReplyWithNull(ctx);
  }
}

void ReplyTexts(rm::Ctx* ctx, std::string_view name, const json& texts) {
  Reply(ctx, name);
  if (!texts.is_array()) {
    rm::ReplyWithNull(ctx);
    return;
  }
  rm::ReplyWithArray(ctx, static_cast<long>(texts.size()));
  for (const json& text : texts) Reply(ctx, text.get<std::string>());
}

}  // namespace regear
