// Points in time with a zone, "2024-01-02T03:04:05+02:00", which MariaDB does
// not read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regear::mysql {

// The same point in time in UTC, "2024-01-02 01:04:05". Nothing if `text` is
// not a date and a time, valid ones, followed by Z or an offset.
std::optional<std::string> ToUtc(std::string_view text);

// The date in such a text, as it stands there.
std::optional<std::string> DateOfZoned(std::string_view text);

// "03:04:05" of "03:04:05Z"; nothing if `text` is no time with a zone.
std::optional<std::string_view> TimeOfZoned(std::string_view text);

}  // namespace regear::mysql
