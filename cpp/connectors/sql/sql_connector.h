// The connector of every SQL database: transactions, checkpoint, partial
// changes and refused rows are the same for all; SqlDriver is what differs.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "connectors/sql/checkpoint_table.h"
#include "connectors/sql/child_tables.h"
#include "connectors/sql/secrets.h"
#include "connectors/sql/sql_driver.h"
#include "connectors/sql/target_table.h"
#include "connectors/sql/write_plan.h"

namespace regear::sql {

// Writes a batch in one transaction, in this order: the checkpoint moves (so a
// host that has been replaced fails before it touches a row), upserts, rows of
// child tables, deletes. A batch with refused rows is not committed; it is
// tried in parts, in a transaction that is rolled back, to name each row that
// is refused.
//
// Without a checkpoint table (an empty name) a crash repeats batches.
class SqlConnector : public Connector {
 public:
  // `columns` are the mapped columns, in the order of a batch's cells; behind
  // them a batch has a cell for each child table, with the array.
  SqlConnector(std::unique_ptr<SqlDriver> driver, TableTarget target,
               std::vector<std::string> columns, ConnectionProvider provider);

  Status Open() override;
  std::vector<Finding> warnings() const override { return warnings_; }
  Result<std::vector<Finding>> Preflight() override;
  WriteReport Write(const FoldedBatch& batch,
                    const Checkpoint& checkpoint) override;
  Result<std::optional<Checkpoint>> LoadCheckpoint() override;
  Result<std::vector<std::string>> IdsAfter(
      const std::optional<std::string>& after, size_t limit) override;
  bool keeps_checkpoint() const override {
    return !target_.checkpoint_table.empty();
  }

 private:
  Result<ConnectionParameters> AskParameters() const;
  Status OpenWith(const ConnectionParameters& parameters);
  Status ReadTable();
  // `table` becomes that of the batches' rows.
  Result<std::vector<Finding>> InspectTables(TargetTable* table);
  Result<std::vector<Finding>> Inspect();
  Status CreateCheckpointTable();

  Result<std::string> LoadJournal();
  WriteReport WriteUnredacted(const FoldedBatch& batch,
                              const Checkpoint& checkpoint);
  // Of a batch without the cells of child tables.
  WriteReport WriteColumns(const FoldedBatch& batch,
                           const Checkpoint& checkpoint);
  // Whether the table is no longer what it was when we opened it: then what it
  // refused by its old columns is no verdict.
  bool WasAltered(std::span<const RefusedRow> refused);
  Status WriteTogether(const FoldedBatch& batch, const Checkpoint& checkpoint,
                       std::vector<RefusedRow>* refused);
  Status WriteRowByRow(const FoldedBatch& batch, const Checkpoint& checkpoint,
                       std::vector<RefusedRow>* refused);
  // Writes everything and commits, or rolls back. `at_commit` tells whether it
  // was the commit that failed.
  Status WriteWhole(const FoldedBatch& batch, const Checkpoint& checkpoint,
                    std::vector<RefusedRow>* refused, bool* at_commit);
  // Finds the refused rows; commits if, tried in parts, none is refused.
  Status WriteInParts(const FoldedBatch& batch, const Checkpoint& checkpoint,
                      bool check_deferred, std::vector<RefusedRow>* refused);
  // Writes row by row, in the batch's order. A refused row does not count if
  // a later one of its key is accepted.
  Status WriteInOrder(const FoldedBatch& batch, const Checkpoint& checkpoint,
                      bool check_deferred, std::vector<RefusedRow>* refused);
  // One try of a part: inside a savepoint, kept if it is accepted.
  Status TryPart(const FoldedBatch& batch, std::span<const size_t> rows,
                 bool check_deferred, std::vector<RefusedRow>* refused);

  // The batch and its checkpoint as one statement; nothing if it cannot be.
  std::optional<Status> WriteAtOnce(const FoldedBatch& batch,
                                    const Checkpoint& checkpoint);
  // Of the statement that moves the checkpoint from what it was.
  std::vector<std::string> MoveParameters(const Checkpoint& checkpoint) const;
  Status Fenced() const;
  Status BeginWithCheckpoint(const Checkpoint& checkpoint);
  Status WriteRows(const FoldedBatch& batch, std::span<const size_t> rows,
                   std::vector<RefusedRow>* refused);
  Status WriteChildren(const FoldedBatch& batch, const WriteWave& wave,
                       std::span<const size_t> unmatched);
  Result<std::vector<WriteWave>> Plan(const FoldedBatch& batch,
                                      std::span<const size_t> rows);
  // Appends to each of `canonical` what makes `values` of one key column
  // comparable.
  Status AddCanonical(size_t key, std::span<const std::string_view> values,
                      std::vector<std::string>* canonical);
  std::vector<size_t> OrderOfParts(const FoldedBatch& batch);
  // Gives a kStop the hint that a look at the schema can give.
  Status Explain(Status status);

  std::unique_ptr<SqlDriver> driver_;
  const TableTarget target_;
  const std::vector<std::string> columns_;
  const ConnectionProvider provider_;
  const CheckpointTable checkpoint_table_;
  ChildTables children_;

  Secrets secrets_;
  TargetTable table_;
  std::vector<Finding> warnings_;
  bool open_ = false;
  std::optional<std::string> stored_;  // the checkpoint's val, as last seen
};

}  // namespace regear::sql
