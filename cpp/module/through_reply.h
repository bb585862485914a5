// How a write looks to the host, what becomes of it in Redis, and what its
// client is told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "module/handles.h"
#include "module/through_job.h"

namespace regear {

// As many entries of a change stream as the job has parts, each with the id
// of the row as its key and, as the last of its marks, "_key": the real key.
// Behind it come all fields, mapped or not (grammar: module/change_entry.h).
void ReplyEntries(rm::Ctx* ctx, const ThroughJob& job);

// Runs the command as it was sent; null if the server does not know it.
CallReplyPtr RunCommand(rm::Ctx* ctx, const std::vector<StringPtr>& words,
                        bool resp3);
// Makes the key what the database holds of it; the number of deleted keys.
long long ApplyState(rm::Ctx* ctx, rm::String* key, const KeyWrite& write);

// Does in Redis what the database has (`committed`) or need not know; tells
// the client, if there is one, and its ack stream. `client` is let go on.
void ApplyJob(rm::Ctx* ctx, ThroughJob* job, rm::BlockedClient* client,
              bool committed);

// The ack of a job whose client asked for one: done if `error` is empty.
void AckJob(rm::Ctx* ctx, const ThroughJob& job, std::string_view error);

}  // namespace regear
