// JSON documents of RedisJSON, or of another module with its commands.
#pragma once

#include "module/handles.h"

namespace regear {

// The document that `key` of the selected database holds, as JSON text; null
// if it holds something else or nothing.
StringPtr ReadDocument(rm::Ctx* ctx, rm::String* key);

// Whether it holds one.
bool HoldsDocument(rm::Ctx* ctx, rm::String* key);

}  // namespace regear
