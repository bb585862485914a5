// PostgreSQL as a SqlDriver.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <pqxx/binarystring>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/pg_rows.h"
#include "connectors/postgres/pg_schema.h"
#include "connectors/postgres/pg_statements.h"
#include "connectors/postgres/pg_status.h"
#include "connectors/postgres/pg_watchdog.h"
#include "connectors/sql/sql_driver.h"

namespace regear::postgres {

// One statement a group of rows, and one for all the small groups together
// where a batch has many.
class PostgresDriver : public sql::SqlDriver {
 public:
  const sql::Dialect& dialect() const override { return PostgresDialect(); }

  Status Connect(const ConnectionParameters& parameters) override;

  Result<std::optional<sql::TableSchema>> ReadSchema(
      const TableTarget& target) override;
  Result<std::vector<Finding>> InspectTable(
      const sql::TableSchema& schema) override;
  Result<bool> MayCreateTable(const std::string& table) override;
  std::string GrantsFor(const std::string& table) override;
  void UseTable(const sql::TargetTable* table) override;
  Result<bool> CheckpointTableExists(const std::string& table) override;

  Status Begin() override { return Run("BEGIN"); }
  Status Commit() override;
  void Rollback() noexcept override;
  Status SetSavepoint() override { return Run("SAVEPOINT regear_part"); }
  Status ReleaseSavepoint() override { return Run("RELEASE regear_part"); }
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
  std::optional<Result<bool>> UpsertAndMove(
      const FoldedBatch& batch, const sql::RowGroup& group,
      const sql::CheckpointTable& move,
      std::span<const std::string> parameters) override;
  Status DeleteRows(const FoldedBatch& batch,
                    std::span<const size_t> rows) override;

  Result<std::vector<size_t>> FirstEqualKeys(
      size_t key, std::span<const std::string_view> values) override;
  std::string RefusedColumn(const FoldedBatch& batch, size_t row,
                            const std::string& reason) override;

 private:
  // Calls `body`, which may throw, and returns its result or a Status.
  template <typename Body>
  auto Guard(Body body) -> decltype(body()) {
    if (work_ == nullptr) {
      return Status(StatusCode::kReconnect, "not connected");
    }
    const Watchdog::Scope watched(&watchdog_, connection_->sock());
    try {
      return body();
    } catch (...) {
      return StatusFromException();
    }
  }

  Status Run(const std::string& sql);
  pqxx::result Send(const std::string& sql, const Parameters& parameters);
  // Keeps text and plan under `key`, which tells what `make_sql` would make of
  // the table that is used. Only for statements whose plan does not depend on
  // the table's size.
  template <typename MakeSql>
  pqxx::result SendPrepared(const std::string& key,
                            const Parameters& parameters, MakeSql make_sql);

  // These throw what libpqxx throws.
  void WriteGroup(const FoldedBatch& batch, const sql::RowGroup& group,
                  std::vector<size_t>* unmatched);
  void Upsert(const FoldedBatch& batch, const sql::RowShape& shape,
              std::span<const size_t> rows);
  // Returns the rows that matched nothing.
  std::vector<size_t> Update(std::span<const size_t> rows,
                             const std::string& sql, const SentRows& sent);
  void WriteMasked(const FoldedBatch& batch, std::span<const size_t> rows,
                   std::vector<size_t>* unmatched);
  std::vector<size_t> Unmatched(std::span<const size_t> rows,
                                const SentRows& sent);
  // Whether the column takes the value; sets `cut` if not all of it.
  bool Takes(const sql::ColumnSchema& column, std::string_view value,
             bool* cut);

  Watchdog watchdog_;
  std::unique_ptr<pqxx::connection> connection_;
  // Sends statements as they are: BEGIN and COMMIT are ours, because a failed
  // statement must leave the savepoint usable.
  std::unique_ptr<pqxx::nontransaction> work_;
  const sql::TargetTable* table_ = nullptr;
  TableWires wires_;
  bool has_identity_ = false;                    // among the mapped columns
  std::map<std::string, std::string> prepared_;  // key to statement name
};

}  // namespace regear::postgres
