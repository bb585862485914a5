#include "connectors/sql/child_tables.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>
#include <utility>

#include "connectors/sql/preflight.h"
#include "connectors/sql/row_shape.h"

namespace regear::sql {

namespace {

// So many elements are asked about when a column is to be blamed.
constexpr size_t kMaxProbes = 64;

TableTarget TargetOf(const ChildTarget& child) {
  TableTarget target;
  target.table = child.table;
  target.primary_key = child.parent;
  target.append = true;
  return target;
}

std::vector<std::string> ColumnsOf(const ChildTarget& child) {
  std::vector<std::string> columns;
  for (const RowMapping::Column& column : child.columns) {
    columns.push_back(column.name);
  }
  if (!child.position.empty()) columns.push_back(child.position);
  return columns;
}

// The parts of a document's id go to the parent columns one by one.
void CheckParents(const TableTarget& target, const ChildTarget& child,
                  std::vector<Finding>* findings) {
  const size_t parts = target.primary_key.size();
  if (child.parent.size() == parts) return;
  findings->push_back({true,
                       "the child table " + child.table + " names " +
                           std::to_string(child.parent.size()) +
                           " columns for the key of the table " + target.table +
                           ", which has " + std::to_string(parts),
                       "name one for each of " + JoinList(target.primary_key)});
}

}  // namespace

ChildTables::ChildTables(const TableTarget* target) : target_(*target) {}

Status ChildTables::CompilePaths() {
  paths_.clear();
  for (const ChildTarget& child : target_.children) {
    std::vector<std::string> texts;
    for (const RowMapping::Column& column : child.columns) {
      texts.push_back(column.field);
    }
    auto paths = DocumentPaths::Make(texts);
    if (!paths.ok()) return paths.status();
    paths_.push_back(*std::move(paths));
  }
  return Status::Ok();
}

Status ChildTables::Inspect(SqlDriver* driver, std::vector<Finding>* findings) {
  REGEAR_RETURN_IF_ERROR(CompilePaths());
  tables_.assign(size(), TargetTable());
  for (size_t i = 0; i < size(); ++i) {
    const ChildTarget& child = target_.children[i];
    CheckParents(target_, child, findings);
    auto found =
        InspectTarget(driver, TargetOf(child), ColumnsOf(child), &tables_[i]);
    if (!found.ok()) return found.status();
    std::move(found->begin(), found->end(), std::back_inserter(*findings));
  }
  ClearBlame();
  return Status::Ok();
}

bool ChildTables::WasAltered(SqlDriver* driver) const {
  for (size_t i = 0; i < size(); ++i) {
    const ChildTarget& child = target_.children[i];
    TargetTable now;
    if (InspectTarget(driver, TargetOf(child), ColumnsOf(child), &now).ok() &&
        now != tables_[i]) {
      return true;
    }
  }
  return false;
}

void ChildTables::Load(const FoldedBatch& batch) {
  elements_.clear();
  for (size_t i = 0; i < size(); ++i) {
    elements_.push_back(ReadElements(batch, i));
  }
}

ChildTables::Elements ChildTables::ReadElements(const FoldedBatch& batch,
                                                size_t child) const {
  const DocumentPaths& paths = paths_[child];
  const bool numbered = !target_.children[child].position.empty();
  const size_t array = batch.columns() - size() + child;
  Elements elements;
  elements.rows =
      FoldedBatch(paths.size() + (numbered ? 1 : 0), &target_.key_template);
  auto owned = std::make_shared<std::deque<std::string>>();
  for (size_t i = 0; i < batch.size(); ++i) {
    elements.first.push_back(elements.rows.size());
    const Cell& cell = batch.cells(i)[array];
    if (cell.state != CellState::kValue) continue;
    size_t position = 0;
    for (const std::string_view element : ElementsOf(cell.value)) {
      const size_t row = elements.rows.AddRow(batch.row(i));
      const auto cells = elements.rows.cells(row);
      for (Cell& value : cells) value.state = CellState::kDefault;
      paths.Find(element, cells, owned.get());
      if (!numbered) continue;
      cells.back() = {CellState::kValue,
                      owned->emplace_back(std::to_string(position++))};
    }
  }
  elements.first.push_back(elements.rows.size());
  elements.rows.Keep(std::move(owned));
  return elements;
}

std::vector<size_t> ChildTables::Elements::Of(
    std::span<const size_t> documents) const {
  std::vector<size_t> all;
  for (const size_t document : documents) {
    for (size_t i = first[document]; i < first[document + 1]; ++i) {
      all.push_back(i);
    }
  }
  return all;
}

Status ChildTables::Replace(SqlDriver* driver, const TargetTable& parent,
                            const FoldedBatch& documents,
                            std::span<const size_t> written,
                            std::span<const size_t> deleted) {
  std::vector<size_t> touched(written.begin(), written.end());
  touched.insert(touched.end(), deleted.begin(), deleted.end());
  Status status;
  if (touched.empty()) return status;
  for (size_t i = 0; status.ok() && i < size(); ++i) {
    status = Write(driver, i, documents, written, touched);
    if (!status.ok()) {
      blamed_ = i;
      status = status.Annotate("table " + target_.children[i].table);
    }
  }
  driver->UseTable(&parent);
  return status;
}

Status ChildTables::Write(SqlDriver* driver, size_t child,
                          const FoldedBatch& documents,
                          std::span<const size_t> written,
                          std::span<const size_t> touched) {
  driver->UseTable(&tables_[child]);
  REGEAR_RETURN_IF_ERROR(driver->DeleteRows(documents, touched));
  const Elements& elements = elements_[child];
  const std::vector<size_t> rows = elements.Of(written);
  if (rows.empty()) return Status::Ok();
  std::vector<size_t> unmatched;
  return driver->WriteGroups(elements.rows, GroupByShape(elements.rows, rows),
                             &unmatched);
}

std::string ChildTables::RefusedColumn(SqlDriver* driver,
                                       const TargetTable& parent, size_t row,
                                       const std::string& reason) {
  const Elements& elements = elements_[blamed_];
  const size_t first = elements.first[row];
  const size_t last = std::min(elements.first[row + 1], first + kMaxProbes);
  std::string column;
  driver->UseTable(&tables_[blamed_]);
  for (size_t i = first; column.empty() && i < last; ++i) {
    column = driver->RefusedColumn(elements.rows, i, reason);
  }
  driver->UseTable(&parent);
  return column;
}

}  // namespace regear::sql
