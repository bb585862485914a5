// Finds the rows that make a database refuse a batch.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/status.h"
#include "change/connector.h"

namespace regear::sql {

// Writes the rows inside a savepoint. OK: they are written and stay so.
// refused(): they are undone. Any other failure ends the search.
using TryRows = std::function<Status(std::span<const size_t> rows)>;

// Tries `rows`, which are known to be refused as a whole, in ever smaller
// halves, left to right, so that each row is tried on top of all accepted rows
// before it. With k of n rows refused it takes O(k log n) tries. Appends the
// refused rows, with the database's reason, to `refused`; none at all if the
// rows are accepted in parts. Returns OK or the failure that ended the search.
Status IsolateRefused(std::span<const size_t> rows, const TryRows& try_rows,
                      std::vector<RefusedRow>* refused);

}  // namespace regear::sql
