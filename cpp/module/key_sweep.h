// Reads all keys of a database, for commands that change it without an event
// for each key.
#pragma once

#include <functional>

#include "module/handles.h"

namespace regear {

// Calls `visit` for every key of `db` that holds a hash or a
// document; a key may come twice.
// Blocks the server for as long as it takes to look at every key.
void ForEachHashOrDocument(rm::Ctx* ctx, int db,
                           const std::function<void(rm::String*)>& visit);

}  // namespace regear
