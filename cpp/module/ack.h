// Acks: what clients that named one in the hash field '#' wait for.
#pragma once

#include <string_view>

#include "module/handles.h"

namespace regear {

// Appends "status <status>" ("error <error>" unless that is empty) to `stream`
// in the selected database; the stream expires an hour later.
void SendAck(rm::Ctx* ctx, rm::String* stream, std::string_view status,
             std::string_view error);

}  // namespace regear
