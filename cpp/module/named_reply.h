// Replies of names and values, from JSON documents whose members may be
// missing.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "module/module_api.h"

namespace regear {

// null if there is none.
nlohmann::json MemberOf(const nlohmann::json& object, const char* name);
// 0 if there is none.
long long NumberOf(const nlohmann::json& object, const char* name);

void ReplyNumber(rm::Ctx* ctx, std::string_view name, long long number);
// nil for anything else than a text.
void ReplyText(rm::Ctx* ctx, std::string_view name, const nlohmann::json& text);
// nil for anything else than an array of texts.
void ReplyTexts(rm::Ctx* ctx, std::string_view name,
                const nlohmann::json& texts);

}  // namespace regear
