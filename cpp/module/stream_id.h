// Ids of stream entries.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "module/module_api.h"

namespace regear {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  auto operator<=>(const StreamId&) const = default;

  // The least id above this one.
  StreamId Next() const {
    return seq == UINT64_MAX ? StreamId{ms + 1, 0} : StreamId{ms, seq + 1};
  }
  rm::StreamId raw() const { return {ms, seq}; }
};

std::string Text(StreamId id);
// Throws std::invalid_argument if `text` is no id; "5" is "5-0".
StreamId ParseStreamId(std::string_view text);

// The id that the stream generated last, 0-0 if `stream` of the selected
// database holds none. Asks the server with a command: not for each event.
StreamId LastGeneratedId(rm::Ctx* ctx, std::string_view stream);

}  // namespace regear
