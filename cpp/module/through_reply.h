// How a write looks to the host, and to the client that waits for it.
#pragma once

#include <string_view>
#include <vector>

#include "module/capture_rule.h"
#include "module/handles.h"
#include "module/hash_write.h"
#include "module/stream_id.h"

namespace regear {

bool HasMappedField(const HashWrite& write, const CaptureRule& fields);

// An entry of a change stream (grammar: module/change_entry.h), whose key is
// the row's id.
void ReplyEntry(rm::Ctx* ctx, StreamId id, std::string_view row_id,
                std::string_view command, const HashWrite& write,
                const CaptureRule& fields);

// Runs the command as it was sent; null if the server does not know it.
CallReplyPtr RunCommand(rm::Ctx* ctx, const std::vector<StringPtr>& words,
                        bool resp3);
// Makes the fields what the database holds of them.
void ApplyState(rm::Ctx* ctx, rm::String* key, const HashWrite& write);
// The reply that the command would have given.
void ReplyForState(rm::Ctx* ctx, HashCommand command,
                   const std::vector<StringPtr>& words, const HashWrite& write);

}  // namespace regear
