// MariaDB and MySQL as a SqlDriver.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/mysql/mysql_keys.h"
#include "connectors/mysql/mysql_schema.h"
#include "connectors/mysql/mysql_session.h"
#include "connectors/mysql/mysql_statements.h"
#include "connectors/mysql/mysql_values.h"
#include "connectors/sql/sql_driver.h"

namespace regear::mysql {

// One statement a group of rows: with its parameters as arrays where the
// server takes those (MariaDB), with many rows in its text elsewhere.
class MysqlDriver : public sql::SqlDriver {
 public:
  const sql::Dialect& dialect() const override { return MysqlDialect(); }

  Status Connect(const ConnectionParameters& parameters) override {
    return session_.Open(parameters);
  }

  Result<std::optional<sql::TableSchema>> ReadSchema(
      const TableTarget& target) override;
  void UseTable(const sql::TargetTable* table) override;
  Result<bool> CheckpointTableExists(const std::string& table) override {
    return CheckpointTableIsThere(&session_, table);
  }

  Status Begin() override { return session_.Run("START TRANSACTION"); }
  Status Commit() override { return session_.Commit(); }
  void Rollback() noexcept override;
  Status SetSavepoint() override { return session_.Run("SAVEPOINT regear"); }
  Status ReleaseSavepoint() override {
    return session_.Run("RELEASE SAVEPOINT regear");
  }
  Status RollbackToSavepoint() override;
  // InnoDB checks every constraint at once.
  Status CheckDeferred() override { return Status::Ok(); }

  Result<size_t> Execute(const std::string& sql,
                         std::span<const std::string> parameters) override {
    return session_.Execute(sql, parameters);
  }
  Result<std::optional<std::string>> QueryText(
      const std::string& sql, std::span<const std::string> parameters) override;

  Result<std::vector<std::vector<std::string>>> QueryRows(
      const std::string& sql, std::span<const std::string> parameters) override;

  Status WriteGroups(const FoldedBatch& batch,
                     std::span<const sql::RowGroup> groups,
                     std::vector<size_t>* unmatched) override;
  Status DeleteRows(const FoldedBatch& batch,
                    std::span<const size_t> rows) override;

  Result<std::vector<size_t>> FirstEqualKeys(
      size_t key, std::span<const std::string_view> values) override;
  // The server's messages and ours name the column.
  std::string RefusedColumn(const FoldedBatch&, size_t,
                            const std::string&) override {
    return {};
  }

 private:
  using Columns = std::vector<WrittenColumn>;

  Status WriteGroup(const FoldedBatch& batch, const sql::RowGroup& group,
                    std::vector<size_t>* unmatched);
  // Rows of one shape whose times all have, or all lack, a zone.
  Status WriteAlike(const FoldedBatch& batch, const Columns& columns,
                    sql::WriteRule rule, std::span<const size_t> rows,
                    std::vector<size_t>* unmatched);
  Status Insert(const FoldedBatch& batch, const Columns& columns,
                std::span<const size_t> rows);
  // Appends the rows that matched nothing to `missing`.
  Status Update(const FoldedBatch& batch, const Columns& columns,
                std::span<const size_t> rows, std::vector<size_t>* missing);
  Status AppendMissing(const FoldedBatch& batch, std::span<const size_t> rows,
                       std::vector<size_t>* missing);

  Status AddKeys(const FoldedBatch& batch, std::span<const size_t> rows,
                 RowArrays* arrays) const;
  Result<RowArrays> Encode(const FoldedBatch& batch, const Columns& columns,
                           std::span<const size_t> rows) const;
  // Appends to each of `keys` a text that is the same for those of `values`
  // that the key column takes for the same.
  Status AppendCanonical(size_t key, std::span<const std::string_view> values,
                         std::vector<std::string>* keys);

  Session session_;
  const sql::TargetTable* table_ = nullptr;
  std::vector<ValueType> types_;      // of the mapped columns
  std::vector<ValueType> key_types_;  // of the key columns
  bool has_times_ = false;            // among the mapped columns
  bool other_unique_ = false;         // see TableFacts
  // Of the table's columns that only the server can compare, by name.
  std::map<std::string, KeyComparison> comparisons_;
};

}  // namespace regear::mysql
