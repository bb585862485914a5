// When two ids that differ as text are the same row to the database.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regear::sql {

// How the type of a key column compares.
enum class KeyIdentity {
  kBytes,           // as the text stands
  kNumber,          // "5" and "05" are the same
  kUuid,            // case, dashes and braces do not count
  kAsciiNoCase,     // "a" and "A" are the same
  kTrailingBlanks,  // "a" and "a " are the same
  kAskDatabase,     // only the database knows
};

// One text for all ids that are the same to `identity`. An id that the key
// column would not take stays as it is. kAskDatabase: the id as it is.
std::string CanonicalKey(std::string_view id, KeyIdentity identity);

// For each of `ids` how many equal ones stand before it. `*max` becomes the
// greatest of them, 0 if all ids differ.
std::vector<size_t> CountEarlier(std::span<const std::string_view> ids,
                                 size_t* max);

}  // namespace regear::sql
