// The shape of a row: which of its cells are known. Rows of one shape are
// written by one statement.
#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "change/fold.h"
#include "connectors/sql/target_table.h"

namespace regear::sql {

struct RowShape {
  std::vector<CellState> cells;

  explicit RowShape(std::span<const Cell> row);

  bool Fits(std::span<const Cell> row) const;
  // True if some mapped column is to be left alone.
  bool partial() const;
  // Columns that the statement writes: those with a value or their default.
  std::vector<size_t> Written() const;
  // Columns that take a value.
  std::vector<size_t> Values() const;

  auto operator<=>(const RowShape&) const = default;
};

struct RowGroup {
  RowShape shape;
  std::vector<size_t> rows;  // indexes into the batch
};

// Groups `rows` by shape, keeping their order within each group.
std::vector<RowGroup> GroupByShape(const FoldedBatch& batch,
                                   std::span<const size_t> rows);

// How the rows of a shape get into the table.
enum class WriteRule {
  kUpsert,            // INSERT, or UPDATE where the row exists
  kUpdateThenInsert,  // UPDATE; the rows that matched nothing are upserted
  kUpdateOnly,        // UPDATE; a row that matched nothing is refused
};

// INSERT … ON CONFLICT checks NOT NULL and CHECK of the row it proposes before
// it looks for a conflict. A row that knows only some columns therefore has to
// be an UPDATE first, or it would be refused where the stored row has the
// rest. Rows of a table to which they are only appended are all new: its
// upserts are plain INSERTs.
WriteRule RuleFor(const RowShape& shape, const TargetTable& table);

// The columns for which a row of this shape lacks a value that an INSERT
// needs.
std::vector<std::string> MissingRequired(const RowShape& shape,
                                         const TargetTable& table);

// Why a row of this shape is refused after its UPDATE matched nothing.
std::string MissingRequiredReason(const RowShape& shape,
                                  const TargetTable& table);

// What a cell in state kDefault takes: the column's default, NULL if none.
std::string DefaultOf(const ColumnSchema& column);

}  // namespace regear::sql
