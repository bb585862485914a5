#include "connectors/sql/row_shape.h"

#include <algorithm>
#include <map>

namespace regear::sql {

RowShape::RowShape(std::span<const Cell> row) {
  cells.reserve(row.size());
  for (const Cell& cell : row) cells.push_back(cell.state);
}

bool RowShape::Fits(std::span<const Cell> row) const {
  return std::equal(
      row.begin(), row.end(), cells.begin(), cells.end(),
      [](const Cell& cell, CellState state) { return cell.state == state; });
}

bool RowShape::partial() const {
  return std::find(cells.begin(), cells.end(), CellState::kAbsent) !=
         cells.end();
}

std::vector<size_t> RowShape::Written() const {
  std::vector<size_t> columns;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] != CellState::kAbsent) columns.push_back(i);
  }
  return columns;
}

std::vector<size_t> RowShape::Values() const {
  std::vector<size_t> columns;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] == CellState::kValue) columns.push_back(i);
  }
  return columns;
}

std::vector<RowGroup> GroupByShape(const FoldedBatch& batch,
                                   std::span<const size_t> rows) {
  std::vector<RowGroup> groups;
  std::map<RowShape, size_t> index;
  size_t current = 0;  // most rows have the shape of the one before
  for (size_t row : rows) {
    const auto cells = batch.cells(row);
    if (groups.empty() || !groups[current].shape.Fits(cells)) {
      const auto [entry, fresh] =
          index.try_emplace(RowShape(cells), groups.size());
      current = entry->second;
      if (fresh) groups.push_back({entry->first, {}});
    }
    groups[current].rows.push_back(row);
  }
  return groups;
}

WriteRule RuleFor(const RowShape& shape, const TargetTable& table) {
  if (table.append) return WriteRule::kUpsert;
  if (!MissingRequired(shape, table).empty()) return WriteRule::kUpdateOnly;
  return shape.partial() ? WriteRule::kUpdateThenInsert : WriteRule::kUpsert;
}

std::vector<std::string> MissingRequired(const RowShape& shape,
                                         const TargetTable& table) {
  std::vector<std::string> missing;
  for (size_t i = 0; i < shape.cells.size(); ++i) {
    if (shape.cells[i] == CellState::kAbsent && table.columns[i].required()) {
      missing.push_back(table.columns[i].name);
    }
  }
  missing.insert(missing.end(), table.required_unmapped.begin(),
                 table.required_unmapped.end());
  return missing;
}

std::string MissingRequiredReason(const RowShape& shape,
                                  const TargetTable& table) {
  return "no row has this id, and one cannot be inserted without " +
         JoinList(MissingRequired(shape, table)) + " (NOT NULL and no default)";
}

std::string DefaultOf(const ColumnSchema& column) {
  return column.default_expression.empty()
             ? "NULL"
             : "(" + column.default_expression + ")";
}

}  // namespace regear::sql
