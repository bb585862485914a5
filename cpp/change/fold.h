// Fold: reduce a batch of changes to the last state of each row.
//
// With x ⊕ y = "x, then y", S and T the fields that have values (T later):
//     x ⊕ ~   = ~
//     x ⊕ !T  = !T
//     ~ ⊕ =T  = !T
//    !S ⊕ =T  = !((S ∖ clear(T)) ∪ T)
//    =S ⊕ =T  = =((S ∖ clear(T)) ∪ T),
//               clear = (clear(S) ∖ fields(T)) ∪ clear(T)
// A field both set and cleared by one change is set. The operation is
// associative, so changes that arrive later can be folded into a batch that
// the target refused.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "change/change.h"
#include "change/key_template.h"

namespace regear {

struct DocumentMapping;  // change/document.h

// How the keys of a registration become rows of a table.
struct RowMapping {
  struct Column {
    std::string field;  // of the hash
    std::string name;   // of the table
  };
  std::string key_prefix;  // "person:"; what follows it is the row's id
  std::vector<Column> columns;
  KeyTemplate key_template = {};  // splits the id into the key columns' values

  // The fields that earlier versions of the mapping had, oldest first: a
  // change up to `until` says nothing of the columns whose fields were not
  // captured then. `all`: every field was.
  struct Earlier {
    Position until;
    bool all = false;
    std::vector<std::string> fields;
  };
  std::vector<Earlier> history = {};

  // Not null: changes hold whole JSON documents, and the columns' fields are
  // paths in them. Behind the columns' cells come those of `arrays`, whose
  // elements are rows of other tables.
  std::shared_ptr<const DocumentMapping> documents = nullptr;
  std::vector<std::string> arrays = {};  // paths

  size_t cells() const { return columns.size() + arrays.size(); }
};

enum class CellState : uint8_t {
  kAbsent,   // not known: leave the column alone
  kValue,    // the column takes `value`
  kDefault,  // the column takes its DEFAULT, NULL if it has none
};

struct Cell {
  CellState state = CellState::kAbsent;
  std::string_view value;
};

struct Row {
  std::string_view id;
  std::string_view key;
  Operation operation = Operation::kMerge;
  Position last = {};  // of the newest change folded into this row
  // Of the newest change that told the whole row, if operation is kReplace.
  Position replaced = {};
  // False where the key does not match the mapping's template, or for another
  // `fault`: such a row has no place in the table and is to be refused.
  bool fits_template = true;
  std::string_view fault = {};
};

// Rows in the order in which each was first touched. Its views point into the
// ChangeBatch it was folded from; it refers to the RowMapping's key template.
class FoldedBatch {
 public:
  FoldedBatch() = default;
  // `key_template` must outlive the batch; null or plain: the id is the value
  // of the only key column.
  explicit FoldedBatch(size_t columns,
                       const KeyTemplate* key_template = nullptr)
      : columns_(columns), key_template_(key_template) {
    if (key_template_ != nullptr && key_template_->plain()) {
      key_template_ = nullptr;
    }
  }

  bool empty() const { return rows_.empty(); }
  size_t size() const { return rows_.size(); }
  size_t columns() const { return columns_; }
  const Row& row(size_t i) const { return rows_[i]; }
  Row& row(size_t i) { return rows_[i]; }
  std::span<const Cell> cells(size_t row) const {
    return {cells_.data() + row * columns_, columns_};
  }
  std::span<Cell> cells(size_t row) {
    return {cells_.data() + row * columns_, columns_};
  }

  // The values of the key columns of a row that fits the template.
  std::span<const std::string_view> key_parts(size_t row) const {
    if (key_template_ == nullptr) return {&rows_[row].id, 1};
    const size_t parts = key_template_->columns().size();
    return {key_parts_.data() + row * parts, parts};
  }
  // Whether all rows fit the template, and why one does not.
  bool all_fit() const { return all_fit_; }
  std::string MismatchReason(size_t row) const;
  void SetUnfit(size_t row, std::string_view fault);
  // The rows are to be written one after another, as they stand here. They
  // are one per change: a refused one does not count if a later one of its
  // key is accepted.
  bool in_order() const { return in_order_; }
  void set_in_order() { in_order_ = true; }

  size_t changes() const { return changes_; }  // that were folded
  Position last() const { return last_; }      // newest change of the batch

  // A batch of the rows [first, first + count), each as one change.
  FoldedBatch Slice(size_t first, size_t count) const;
  // The same rows with the first `columns` of their cells.
  FoldedBatch Narrow(size_t columns) const;

  // Appends a row whose cells are all absent, and splits its id; returns its
  // index.
  size_t AddRow(const Row& row);
  void CountChange(Position position) {
    ++changes_;
    if (position > last_) last_ = position;
  }
  void CountChanges(size_t count, Position last) {
    changes_ += count;
    if (last > last_) last_ = last;
  }
  void Reserve(size_t rows);
  // Keeps `memory`, into which views of this batch point, alive.
  void Keep(std::shared_ptr<const void> memory) {
    kept_.push_back(std::move(memory));
  }

 private:
  void SplitKey(Row* row);

  size_t columns_ = 0;
  const KeyTemplate* key_template_ = nullptr;  // null: plain
  bool all_fit_ = true;
  std::vector<Row> rows_;
  std::vector<std::string_view> key_parts_;  // row by row; empty if plain
  std::vector<Cell> cells_;  // rows_.size() × columns_, row by row
  std::vector<std::shared_ptr<const void>> kept_;
  size_t changes_ = 0;
  Position last_;
  bool in_order_ = false;
};

enum class FoldMode {
  kLastState,    // one row per id
  kEveryChange,  // one row per change, in order
};

// Skips changes at or before `after` (already in the target). A key without
// the mapping's prefix keeps its whole key as id.
FoldedBatch Fold(const ChangeBatch& batch, const RowMapping& mapping,
                 FoldMode mode, Position after = {});

}  // namespace regear
