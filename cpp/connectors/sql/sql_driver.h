// What a SQL database has to offer to be written by SqlConnector. One
// implementation per database; adding a database means writing this class.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "change/fold.h"
#include "connectors/sql/checkpoint_table.h"
#include "connectors/sql/dialect.h"
#include "connectors/sql/row_shape.h"
#include "connectors/sql/target_table.h"

namespace regear::sql {

// A connection. No method throws; every failure comes back as a Status whose
// code the driver's one classifying function chose. refused(): the data are
// refused and the transaction may only be rolled back, to the savepoint if
// there is one.
class SqlDriver {
 public:
  virtual ~SqlDriver() = default;

  virtual const Dialect& dialect() const = 0;

  // Drops what was open before.
  virtual Status Connect(const ConnectionParameters& parameters) = 0;

  // The schema of the target table, nothing if it does not exist. A name that
  // is not found as it is spelled is looked up as the database looks up names
  // without quotes.
  virtual Result<std::optional<TableSchema>> ReadSchema(
      const TableTarget& target) = 0;
  // What keeps us from writing a table that exists, such as privileges, or is
  // good to know. The table's columns are checked elsewhere.
  virtual Result<std::vector<Finding>> InspectTable(
      const TableSchema& /*schema*/) {
    return std::vector<Finding>();
  }
  // Whether we may create a table of this name; a guess, true if unknown.
  virtual Result<bool> MayCreateTable(const std::string& /*table*/) {
    return true;
  }
  // The statements that let us write a table that somebody else creates for
  // us; empty if none are needed.
  virtual std::string GrantsFor(const std::string& /*table*/) { return {}; }

  // From now on rows go to `table`, which outlives its use.
  virtual void UseTable(const TargetTable* table) = 0;
  // kStop, with a hint, if it exists but may not be written.
  virtual Result<bool> CheckpointTableExists(const std::string& table) = 0;

  virtual Status Begin() = 0;
  // kInDoubt if the outcome is unknown.
  virtual Status Commit() = 0;
  // A failure to roll back would only hide the first error.
  virtual void Rollback() noexcept = 0;

  // One savepoint, not nested.
  virtual Status SetSavepoint() = 0;
  virtual Status ReleaseSavepoint() = 0;
  virtual Status RollbackToSavepoint() = 0;
  // Checks constraints that would otherwise be checked at commit.
  virtual Status CheckDeferred() = 0;

  // Runs a statement with text parameters; returns how many rows it touched.
  virtual Result<size_t> Execute(const std::string& sql,
                                 std::span<const std::string> parameters) = 0;
  // The first column of the first row, nothing if there is no row.
  virtual Result<std::optional<std::string>> QueryText(
      const std::string& sql, std::span<const std::string> parameters) = 0;

  // All rows of a query, each column as text; NULL is empty.
  virtual Result<std::vector<std::vector<std::string>>> QueryRows(
      const std::string& /*sql*/, std::span<const std::string> /*parameters*/) {
    return Status(StatusCode::kInvalid, "this database cannot list rows");
  }

  // Writes groups of rows that all have different keys, each group by its
  // WriteRule; the groups' order does not count. Appends the rows of
  // kUpdateOnly groups that matched nothing to `unmatched`.
  virtual Status WriteGroups(const FoldedBatch& batch,
                             std::span<const RowGroup> groups,
                             std::vector<size_t>* unmatched) = 0;
  // A transaction of one statement, so of one round trip: writes a group that
  // is to be upserted and moves the checkpoint with `move`, whose parameters
  // come last. False if no row was written: the checkpoint is not as expected,
  // and has not moved, or a trigger has suppressed all rows. Nothing if the
  // database has no such statement.
  virtual std::optional<Result<bool>> UpsertAndMove(
      const FoldedBatch& /*batch*/, const RowGroup& /*group*/,
      const CheckpointTable& /*move*/,
      std::span<const std::string> /*parameters*/) {
    return std::nullopt;
  }
  virtual Status DeleteRows(const FoldedBatch& batch,
                            std::span<const size_t> rows) = 0;

  // For each of `values` the index of the first one that the key column takes
  // for the same. `key` is an index into TargetTable::keys. Asked only for
  // columns with KeyIdentity::kAskDatabase.
  virtual Result<std::vector<size_t>> FirstEqualKeys(
      size_t key, std::span<const std::string_view> values) = 0;

  // The column whose value makes the database refuse this row, for a database
  // whose messages do not name it; empty if the message does or none is to
  // blame. Called in the transaction that refused the row, undone.
  virtual std::string RefusedColumn(const FoldedBatch& batch, size_t row,
                                    const std::string& reason) = 0;
};

}  // namespace regear::sql
