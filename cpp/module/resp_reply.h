// Replies that the host has made, in RESP2.
#pragma once

#include <string_view>

#include "module/module_api.h"

namespace regear {

// Whether `resp` is one reply and nothing else, nested 32 deep at most.
bool IsWholeResp(std::string_view resp);

// Sends such a reply to the client of `ctx`.
void SendResp(rm::Ctx* ctx, std::string_view resp);

}  // namespace regear
