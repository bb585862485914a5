// Commands that functions run inside the host's own ones.
#pragma once

#include <string>
#include <vector>

#include "module/handles.h"

namespace regear {

// Runs `words`, replicates what they write, and returns the reply, in RESP2.
// Null if they were not run; `error` says why. The server runs them past the
// command filter, so keys that are written through are refused here.
CallReplyPtr CallForFunction(rm::Ctx* ctx, rm::String** words, int count,
                             std::string* error);

}  // namespace regear
