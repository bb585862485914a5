// In which order the rows of a batch are written.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "change/fold.h"
#include "connectors/sql/row_shape.h"

namespace regear::sql {

// Rows that all have different keys. Upserts go before deletes: the other
// order would cascade into rows that moved from a deleted parent to another.
struct WriteWave {
  std::vector<RowGroup> upserts;
  std::vector<size_t> deletes;
};

// Splits `rows` into waves, to be written one after another, such that rows
// with the same key come in separate waves, in their order. `keys` names the
// key of each of `rows` in the form in which the database compares them.
// Nearly every batch is one wave.
std::vector<WriteWave> PlanWrites(const FoldedBatch& batch,
                                  std::span<const size_t> rows,
                                  std::span<const std::string_view> keys);

// All rows of `waves` in the order in which they are written.
std::vector<size_t> WriteOrder(const std::vector<WriteWave>& waves);

}  // namespace regear::sql
