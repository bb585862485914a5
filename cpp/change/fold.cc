#include "change/fold.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "change/document.h"

namespace regear {

namespace {

constexpr uint32_t kNoRow = UINT32_MAX;

// Finds the row of an id. Open addressing: one allocation per batch, where a
// node-based map would make one per row.
class RowIndex {
 public:
  explicit RowIndex(size_t ids) : slots_(std::bit_ceil(ids * 2 + 2), kNoRow) {}

  // The slot of `id`: holds its row, or kNoRow where it is to be entered.
  uint32_t& Find(const FoldedBatch& rows, std::string_view id) {
    const size_t mask = slots_.size() - 1;
    size_t slot = std::hash<std::string_view>()(id) & mask;
    while (slots_[slot] != kNoRow && rows.row(slots_[slot]).id != id) {
      slot = (slot + 1) & mask;
    }
    return slots_[slot];
  }

 private:
  std::vector<uint32_t> slots_;
};

std::string_view RowId(std::string_view key, const std::string& prefix) {
  return key.starts_with(prefix) ? key.substr(prefix.size()) : key;
}

// Column of `field`, searched from `*hint` on: the fields of a change stand in
// mapping order, so the search is nearly always one comparison.
size_t FindColumn(const RowMapping& mapping, std::string_view field,
                  size_t* hint) {
  const size_t count = mapping.columns.size();
  for (size_t tried = 0; tried < count; ++tried) {
    const size_t column = (*hint + tried) % count;
    if (mapping.columns[column].field == field) {
      *hint = column + 1;
      return column;
    }
  }
  return count;
}

void Clear(std::span<Cell> cells, CellState to) {
  for (Cell& cell : cells) cell = {to, {}};
}

// row ⊕ change, where the row is already known to have the change's id.
void Apply(const ChangeBatch& batch, const Change& change,
           const RowMapping& mapping, Row* row, std::span<Cell> cells) {
  row->last = change.position;
  if (change.operation != Operation::kMerge) {
    row->operation = change.operation;
    row->replaced = change.position;
    Clear(cells, CellState::kAbsent);
  } else if (row->operation == Operation::kDelete) {
    row->operation = Operation::kReplace;
    row->replaced = change.position;
  }
  if (change.operation == Operation::kDelete) return;
  size_t hint = 0;
  for (std::string_view field : batch.Cleared(change)) {
    const size_t column = FindColumn(mapping, field, &hint);
    if (column < cells.size()) cells[column] = {CellState::kDefault, {}};
  }
  hint = 0;
  for (const FieldValue& pair : batch.Fields(change)) {
    const size_t column = FindColumn(mapping, pair.field, &hint);
    if (column < cells.size()) cells[column] = {CellState::kValue, pair.value};
  }
}

// For each earlier version of the mapping, which columns it captured.
std::vector<std::vector<bool>> CapturedEarlier(const RowMapping& mapping) {
  std::vector<std::vector<bool>> captured;
  for (const RowMapping::Earlier& earlier : mapping.history) {
    std::vector<bool>& columns = captured.emplace_back();
    for (const RowMapping::Column& column : mapping.columns) {
      columns.push_back(earlier.all ||
                        std::find(earlier.fields.begin(), earlier.fields.end(),
                                  column.field) != earlier.fields.end());
    }
  }
  return captured;
}

// The version of the mapping under which `change` was captured; null: today's.
const std::vector<bool>* CapturedAt(
    Position change, const RowMapping& mapping,
    const std::vector<std::vector<bool>>& captured) {
  for (size_t i = 0; i < mapping.history.size(); ++i) {
    if (change <= mapping.history[i].until) return &captured[i];
  }
  return nullptr;
}

// A replaced row knows all of its fields: what it lacks takes its default.
void CompleteReplaced(const RowMapping& mapping, FoldedBatch* folded) {
  const auto captured = CapturedEarlier(mapping);
  for (size_t i = 0; i < folded->size(); ++i) {
    if (folded->row(i).operation != Operation::kReplace) continue;
    const std::vector<bool>* columns =
        CapturedAt(folded->row(i).replaced, mapping, captured);
    const auto cells = folded->cells(i);
    for (size_t column = 0; column < cells.size(); ++column) {
      if (cells[column].state == CellState::kAbsent &&
          (columns == nullptr || (*columns)[column])) {
        cells[column].state = CellState::kDefault;
      }
    }
  }
}

}  // namespace

size_t FoldedBatch::AddRow(const Row& row) {
  rows_.push_back(row);
  if (key_template_ != nullptr) SplitKey(&rows_.back());
  if (!row.fault.empty()) all_fit_ = false;
  cells_.resize(cells_.size() + columns_);
  return rows_.size() - 1;
}

void FoldedBatch::SplitKey(Row* row) {
  const size_t parts = key_template_->columns().size();
  key_parts_.resize(key_parts_.size() + parts);
  row->fits_template =
      row->fits_template &&
      key_template_->Split(
          row->id,
          std::span(key_parts_).subspan(key_parts_.size() - parts, parts));
  if (!row->fits_template) all_fit_ = false;
}

void FoldedBatch::SetUnfit(size_t row, std::string_view fault) {
  rows_[row].fits_template = false;
  rows_[row].fault = fault;
  all_fit_ = false;
}

std::string FoldedBatch::MismatchReason(size_t row) const {
  if (!rows_[row].fault.empty()) return std::string(rows_[row].fault);
  return "key " + std::string(rows_[row].key) +
         " does not match the template " + key_template_->text();
}

FoldedBatch FoldedBatch::Slice(size_t first, size_t count) const {
  FoldedBatch slice(columns_, key_template_);
  slice.Reserve(count);
  slice.kept_ = kept_;
  for (size_t i = first; i < first + count; ++i) {
    const auto from = cells(i);
    const auto to = slice.cells(slice.AddRow(rows_[i]));
    std::copy(from.begin(), from.end(), to.begin());
    slice.CountChange(rows_[i].last);
  }
  return slice;
}

FoldedBatch FoldedBatch::Narrow(size_t columns) const {
  FoldedBatch narrow = *this;
  narrow.columns_ = columns;
  narrow.cells_.clear();
  for (size_t i = 0; i < size(); ++i) {
    const auto first = cells(i).first(columns);
    narrow.cells_.insert(narrow.cells_.end(), first.begin(), first.end());
  }
  return narrow;
}

void FoldedBatch::Reserve(size_t rows) {
  rows_.reserve(rows);
  cells_.reserve(rows * columns_);
}

FoldedBatch Fold(const ChangeBatch& batch, const RowMapping& mapping,
                 FoldMode mode, Position after) {
  if (mapping.documents != nullptr) {
    return FoldDocuments(batch, mapping, mode, after);
  }
  FoldedBatch folded(mapping.columns.size(), &mapping.key_template);
  folded.Reserve(batch.size());
  const std::string& prefix = mapping.key_prefix;
  RowIndex index(mode == FoldMode::kLastState ? batch.size() : 0);
  for (const Change& change : batch.changes()) {
    if (change.position <= after) continue;
    const std::string_view id = RowId(change.key, prefix);
    uint32_t fresh = kNoRow;
    uint32_t& row =
        mode == FoldMode::kLastState ? index.Find(folded, id) : fresh;
    if (row == kNoRow) {
      const bool has_prefix = id.size() + prefix.size() == change.key.size();
      row = static_cast<uint32_t>(
          folded.AddRow({id, change.key, Operation::kMerge, change.position,
                         Position(), has_prefix}));
    }
    Apply(batch, change, mapping, &folded.row(row), folded.cells(row));
    folded.CountChange(change.position);
  }
  CompleteReplaced(mapping, &folded);
  return folded;
}

}  // namespace regear
