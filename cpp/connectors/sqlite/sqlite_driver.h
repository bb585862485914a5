// SQLite as a SqlDriver.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/sql/sql_driver.h"
#include "connectors/sqlite/sqlite_handle.h"
#include "connectors/sqlite/sqlite_statements.h"
#include "connectors/sqlite/sqlite_values.h"

namespace regear::sqlite {

class SqliteDriver : public sql::SqlDriver {
 public:
  const sql::Dialect& dialect() const override { return SqliteDialect(); }

  Status Connect(const ConnectionParameters& parameters) override;

  Result<std::optional<sql::TableSchema>> ReadSchema(
      const TableTarget& target) override;
  void UseTable(const sql::TargetTable* table) override;
  Result<bool> CheckpointTableExists(const std::string& table) override;

  Status Begin() override;
  Status Commit() override;
  void Rollback() noexcept override;
  Status SetSavepoint() override;
  Status ReleaseSavepoint() override;
  Status RollbackToSavepoint() override;
  Status CheckDeferred() override;

  Result<size_t> Execute(const std::string& sql,
                         std::span<const std::string> parameters) override;
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
  // SQLite's messages and ours name the column.
  std::string RefusedColumn(const FoldedBatch&, size_t,
                            const std::string&) override {
    return {};
  }

 private:
  // A column that a statement takes a value for.
  struct Bound {
    size_t column;
    ValueKind kind;
  };

  Status Configure(const ConnectionParameters& parameters);
  Status WriteGroup(const FoldedBatch& batch, const sql::RowGroup& group,
                    std::vector<size_t>* unmatched);
  Status BindKey(sqlite3_stmt* statement,
                 std::span<const std::string_view> parts) const;
  // Writes one row; `changed` becomes the number of rows it touched.
  Status WriteRow(sqlite3_stmt* statement, const FoldedBatch& batch, size_t row,
                  std::span<const Bound> bound, int* changed);

  DatabaseHandle database_;
  const sql::TargetTable* table_ = nullptr;
  std::vector<ValueKind> kinds_;  // of the mapped columns
  std::vector<ValueKind> key_kinds_;
  // Of the tables used on this connection.
  std::map<const sql::TargetTable*, StatementCache> caches_;
  StatementCache* statements_ = nullptr;  // of table_
};

}  // namespace regear::sqlite
