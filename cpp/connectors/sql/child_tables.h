// The tables that hold the elements of arrays in documents.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "change/document.h"
#include "change/fold.h"
#include "connectors/sql/sql_driver.h"
#include "connectors/sql/target_table.h"

namespace regear::sql {

// Rows of a child table have no identity: with each change of its document
// they are deleted and inserted anew, by one statement each for all documents
// of a batch. Leaves the driver with the table of the documents in use.
class ChildTables {
 public:
  // `target` must outlive it.
  explicit ChildTables(const TableTarget* target);

  bool empty() const { return target_.children.empty(); }
  size_t size() const { return target_.children.size(); }

  // Looks at the tables and appends to `findings`. Before the driver looks at
  // the table of the documents: it remembers what it saw last.
  Status Inspect(SqlDriver* driver, std::vector<Finding>* findings);
  // Whether a table is no longer what Inspect found.
  bool WasAltered(SqlDriver* driver) const;

  // Reads the elements of a batch, whose last cells hold the arrays.
  void Load(const FoldedBatch& batch);

  // Deletes the elements of `deleted` and of `written`, and inserts those that
  // `written` have now. All are rows of the batch that was loaded; `documents`
  // is that batch as `parent`, the table of the documents, takes it.
  Status Replace(SqlDriver* driver, const TargetTable& parent,
                 const FoldedBatch& documents, std::span<const size_t> written,
                 std::span<const size_t> deleted);

  // Whether a Replace since the last ClearBlame failed at an element.
  bool blamed() const { return blamed_ < tables_.size(); }
  void ClearBlame() { blamed_ = size(); }
  // The column to blame for it, as SqlDriver::RefusedColumn finds it.
  std::string RefusedColumn(SqlDriver* driver, const TargetTable& parent,
                            size_t row, const std::string& reason);

 private:
  struct Elements {
    FoldedBatch rows;
    // Those of the i-th document: from first[i] up to first[i + 1].
    std::vector<size_t> first;

    std::vector<size_t> Of(std::span<const size_t> documents) const;
  };

  Status CompilePaths();
  Elements ReadElements(const FoldedBatch& batch, size_t child) const;
  Status Write(SqlDriver* driver, size_t child, const FoldedBatch& documents,
               std::span<const size_t> written,
               std::span<const size_t> touched);

  const TableTarget& target_;
  std::vector<DocumentPaths> paths_;  // of the columns, one a table
  std::vector<TargetTable> tables_;
  std::vector<Elements> elements_;  // of the batch that was loaded
  size_t blamed_ = 0;               // the table that refused an element
};

}  // namespace regear::sql
