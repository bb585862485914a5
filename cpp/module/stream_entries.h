// Streams of regear's own, read and written by commands: for operators, not
// for each event. All of it in the selected database, replicated.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/module_api.h"

namespace regear {

struct StreamEntry {
  std::string id;
  std::vector<std::pair<std::string, std::string>> pairs;

  // The value of the first pair of that name, empty if there is none.
  std::string_view Value(std::string_view name) const;
};

// A change that was set aside without the host, up to its fields: written as
// the host writes them (engine/redis_ledger.cc).
StreamEntry MakeDeadLetter(std::string_view key, std::string_view event,
                           std::string_view op, std::string_view change_id,
                           std::string_view error);

// Up to `count` entries from `start` on ("-", an id, or "(" and an id), up to
// `end`. Empty where there is no stream.
std::vector<StreamEntry> ReadStream(rm::Ctx* ctx, std::string_view stream,
                                    std::string_view start,
                                    std::string_view end, size_t count);
// The id of the new entry, empty if `stream` holds something else.
std::string AppendEntry(rm::Ctx* ctx, std::string_view stream,
                        const StreamEntry& entry);
// How many were there.
long long DeleteEntries(rm::Ctx* ctx, std::string_view stream,
                        const std::vector<std::string>& ids);
// Removes every entry and keeps the last id; how many there were.
long long EmptyStream(rm::Ctx* ctx, std::string_view stream);
long long StreamLength(rm::Ctx* ctx, std::string_view stream);

}  // namespace regear
