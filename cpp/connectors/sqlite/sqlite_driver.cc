#include "connectors/sqlite/sqlite_driver.h"

#include <filesystem>
#include <numeric>
#include <system_error>

#include "connectors/sql/numeric_text.h"
#include "connectors/sqlite/sqlite_schema.h"
#include "connectors/sqlite/sqlite_status.h"

namespace regear::sqlite {

namespace {

// How long a statement waits for another process's transaction, unless the
// parameter busy_timeout says otherwise.
constexpr int64_t kBusyTimeoutMs = 5000;

int64_t BusyTimeout(const ConnectionParameters& parameters) {
  const auto found = parameters.find("busy_timeout");
  if (found == parameters.end()) return kBusyTimeoutMs;
  return sql::ParseInteger(found->second).value_or(kBusyTimeoutMs);
}

// kStop for a file that cannot be opened, saying what would mend it.
Status CannotOpen(const std::string& path, const Status& why) {
  const std::filesystem::path folder =
      std::filesystem::path(path).parent_path();
  std::error_code ignored;
  const bool folder_missing =
      !folder.empty() && !std::filesystem::exists(folder, ignored);
  return Status(
      why.code(), "cannot open database file " + path + ": " + why.message(),
      folder_missing
          ? "mkdir -p '" + folder.string() + "'"
          : "make the file and its folder writable: chmod u+rw '" + path + "'");
}

}  // namespace

Status SqliteDriver::Connect(const ConnectionParameters& parameters) {
  caches_.clear();
  statements_ = nullptr;
  database_.reset();
  const auto path = parameters.find("path");
  if (path == parameters.end() || path->second.empty()) {
    return Status(StatusCode::kStop,
                  "no database file given (connection parameter path)");
  }
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(path->second.c_str(), &database,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                          SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) {
    const Status why(Classify(code), sqlite3_errstr(code));
    return CannotOpen(path->second, why);
  }
  sqlite3_busy_timeout(database, static_cast<int>(BusyTimeout(parameters)));
  const Status status = Configure(parameters);
  return status.code() == StatusCode::kStop ? CannotOpen(path->second, status)
                                            : status;
}

Status SqliteDriver::Configure(const ConnectionParameters& parameters) {
  // The changes are trimmed from Redis once they are committed, so the commit
  // has to be on disk: FULL syncs the write-ahead log every time.
  REGEAR_RETURN_IF_ERROR(Run(database_.get(), "PRAGMA journal_mode = WAL"));
  REGEAR_RETURN_IF_ERROR(Run(database_.get(), "PRAGMA synchronous = FULL"));
  // Only if asked to: SQLite itself takes REFERENCES for a remark.
  const auto keys = parameters.find("foreign_keys");
  if (keys == parameters.end() || (keys->second != "on" && keys->second != "1"))
    return Status::Ok();
  return Run(database_.get(), "PRAGMA foreign_keys = ON");
}

Result<std::optional<sql::TableSchema>> SqliteDriver::ReadSchema(
    const TableTarget& target) {
  return ReadTableSchema(database_.get(), target);
}

void SqliteDriver::UseTable(const sql::TargetTable* table) {
  table_ = table;
  key_kinds_.clear();
  for (const sql::ColumnSchema& key : table->keys) {
    // Key parts compare as numbers there (IdentityOf).
    const ValueKind kind = KindOfType(key.type);
    key_kinds_.push_back(kind == ValueKind::kBoolean ? ValueKind::kNumber
                                                     : kind);
  }
  kinds_.clear();
  for (const sql::ColumnSchema& column : table->columns) {
    kinds_.push_back(KindOfType(column.type));
  }
  statements_ =
      &caches_.try_emplace(table, database_.get(), table).first->second;
}

Result<bool> SqliteDriver::CheckpointTableExists(const std::string& table) {
  return TableIsThere(database_.get(), table);
}

Status SqliteDriver::Begin() {
  // Takes the write lock at once: upgrading a read lock later could fail in
  // the middle of the batch.
  return Run(database_.get(), "BEGIN IMMEDIATE");
}

Status SqliteDriver::Commit() {
  Status status = Run(database_.get(), "COMMIT");
  const int code = sqlite3_extended_errcode(database_.get()) & 0xff;
  if (status.ok() || code != SQLITE_IOERR) return status;
  // The log may have been written before the operation that failed.
  return Status(StatusCode::kInDoubt, status.message());
}

void SqliteDriver::Rollback() noexcept {
  if (database_ == nullptr || sqlite3_get_autocommit(database_.get())) return;
  sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Status SqliteDriver::SetSavepoint() {
  return Run(database_.get(), "SAVEPOINT regear_part");
}

Status SqliteDriver::ReleaseSavepoint() {
  return Run(database_.get(), "RELEASE regear_part");
}

// SQLite counts the violations that a commit would meet.
Status SqliteDriver::CheckDeferred() {
  int open = 0;
  int highest = 0;
  sqlite3_db_status(database_.get(), SQLITE_DBSTATUS_DEFERRED_FKS, &open,
                    &highest, 0);
  if (open == 0) return Status::Ok();
  return Status(StatusCode::kPark,
                "FOREIGN KEY constraint failed (SQLITE_CONSTRAINT_FOREIGNKEY)");
}

Status SqliteDriver::RollbackToSavepoint() {
  return Run(database_.get(), "ROLLBACK TO regear_part; RELEASE regear_part");
}

Result<size_t> SqliteDriver::Execute(const std::string& sql,
                                     std::span<const std::string> parameters) {
  auto statement = Prepare(database_.get(), sql);
  if (!statement.ok()) return statement.status();
  for (size_t i = 0; i < parameters.size(); ++i) {
    BindText(statement->get(), static_cast<int>(i) + 1, parameters[i]);
  }
  const int code = sqlite3_step(statement->get());
  if (code != SQLITE_DONE && code != SQLITE_ROW) {
    return StatusFromDatabase(database_.get());
  }
  return static_cast<size_t>(sqlite3_changes(database_.get()));
}

Result<std::optional<std::string>> SqliteDriver::QueryText(
    const std::string& sql, std::span<const std::string> parameters) {
  auto statement = Prepare(database_.get(), sql);
  if (!statement.ok()) return statement.status();
  for (size_t i = 0; i < parameters.size(); ++i) {
    BindText(statement->get(), static_cast<int>(i) + 1, parameters[i]);
  }
  const int code = sqlite3_step(statement->get());
  if (code == SQLITE_DONE) return std::optional<std::string>();
  if (code != SQLITE_ROW) return StatusFromDatabase(database_.get());
  return std::optional(ColumnText(statement->get(), 0));
}

Result<std::vector<std::vector<std::string>>> SqliteDriver::QueryRows(
    const std::string& sql, std::span<const std::string> parameters) {
  auto statement = Prepare(database_.get(), sql);
  if (!statement.ok()) return statement.status();
  for (size_t i = 0; i < parameters.size(); ++i) {
    BindText(statement->get(), static_cast<int>(i) + 1, parameters[i]);
  }
  std::vector<std::vector<std::string>> rows;
  int code = 0;
  while ((code = sqlite3_step(statement->get())) == SQLITE_ROW) {
    std::vector<std::string>& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement->get()); ++i) {
      row.push_back(ColumnText(statement->get(), i));
    }
  }
  if (code != SQLITE_DONE) return StatusFromDatabase(database_.get());
  return rows;
}

Status SqliteDriver::WriteGroups(const FoldedBatch& batch,
                                 std::span<const sql::RowGroup> groups,
                                 std::vector<size_t>* unmatched) {
  for (const sql::RowGroup& group : groups) {
    REGEAR_RETURN_IF_ERROR(WriteGroup(batch, group, unmatched));
  }
  return Status::Ok();
}

Status SqliteDriver::WriteGroup(const FoldedBatch& batch,
                                const sql::RowGroup& group,
                                std::vector<size_t>* unmatched) {
  const sql::WriteRule rule = sql::RuleFor(group.shape, *table_);
  sqlite3_stmt* update = nullptr;
  sqlite3_stmt* upsert = nullptr;
  if (rule != sql::WriteRule::kUpsert) {
    const auto statement = statements_->Update(group.shape);
    if (!statement.ok()) return statement.status();
    update = *statement;
  }
  if (rule != sql::WriteRule::kUpdateOnly) {
    const auto statement = statements_->Upsert(group.shape);
    if (!statement.ok()) return statement.status();
    upsert = *statement;
  }
  std::vector<Bound> bound;
  for (size_t column : group.shape.Values()) {
    bound.push_back({column, kinds_[column]});
  }
  for (size_t row : group.rows) {
    int changed = 0;
    if (update != nullptr) {
      REGEAR_RETURN_IF_ERROR(WriteRow(update, batch, row, bound, &changed));
    }
    if (changed > 0) continue;
    if (upsert == nullptr) {
      unmatched->push_back(row);
      continue;
    }
    REGEAR_RETURN_IF_ERROR(WriteRow(upsert, batch, row, bound, &changed));
  }
  return Status::Ok();
}

Status SqliteDriver::BindKey(sqlite3_stmt* statement,
                             std::span<const std::string_view> parts) const {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Status status =
        BindValue(statement, static_cast<int>(i) + 1, key_kinds_[i], parts[i]);
    if (!status.ok()) return status.Annotate("column " + table_->keys[i].name);
  }
  return Status::Ok();
}

Status SqliteDriver::WriteRow(sqlite3_stmt* statement, const FoldedBatch& batch,
                              size_t row, std::span<const Bound> bound,
                              int* changed) {
  const StatementUse use(statement);
  REGEAR_RETURN_IF_ERROR(BindKey(statement, batch.key_parts(row)));
  const auto cells = batch.cells(row);
  int parameter = static_cast<int>(key_kinds_.size());
  for (const auto& [column, kind] : bound) {
    Status status =
        BindValue(statement, ++parameter, kind, cells[column].value);
    if (!status.ok()) {
      return status.Annotate("column " + table_->columns[column].name);
    }
  }
  if (sqlite3_step(statement) != SQLITE_DONE) {
    return StatusFromDatabase(database_.get());
  }
  *changed = sqlite3_changes(database_.get());
  return Status::Ok();
}

Status SqliteDriver::DeleteRows(const FoldedBatch& batch,
                                std::span<const size_t> rows) {
  const auto statement = statements_->Delete();
  if (!statement.ok()) return statement.status();
  for (size_t row : rows) {
    int changed = 0;
    REGEAR_RETURN_IF_ERROR(WriteRow(*statement, batch, row, {}, &changed));
  }
  return Status::Ok();
}

Result<std::vector<size_t>> SqliteDriver::FirstEqualKeys(
    size_t /*key*/, std::span<const std::string_view> values) {
  // KeyIdentity covers all of SQLite's own types and collations.
  std::vector<size_t> first(values.size());
  std::iota(first.begin(), first.end(), size_t{0});
  return first;
}

}  // namespace regear::sqlite
