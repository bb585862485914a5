#include "connectors/postgres/pg_driver.h"

#include <algorithm>
#include <pqxx/prepared_statement>

#include "connectors/postgres/pg_connect.h"
#include "connectors/postgres/pg_privileges.h"

namespace regear::postgres {

namespace {

// Settings of the session. A statement that waits longer than the timeout, for
// a lock say, is cancelled and retried; it stays as it is where the server or
// the role sets one. So is the other timeout: a host that is suspended in the
// middle of a transaction must not keep its locks from its successor. Generic
// plans, because the planner would weigh an array of 5000 ids against a scan of
// the whole table and choose the scan, which gets slower as the table grows;
// the ids' index does not.
constexpr char kConfigure[] =
    "SELECT set_config(name, wanted, false) "
    "FROM (VALUES ('statement_timeout', '0', '60s'),"
    " ('idle_in_transaction_session_timeout', '0', '10s'),"
    " ('plan_cache_mode', 'auto', 'force_generic_plan')"
    ") AS w(name, unset, wanted) JOIN pg_settings USING (name) "
    "WHERE setting = unset";

}  // namespace

Status PostgresDriver::Connect(const ConnectionParameters& parameters) {
  work_.reset();
  connection_.reset();
  prepared_.clear();
  auto connection = OpenConnection(parameters);
  if (!connection.ok()) return connection.status();
  connection_ = *std::move(connection);
  try {
    work_ = std::make_unique<pqxx::nontransaction>(*connection_);
  } catch (...) {
    return StatusFromException();
  }
  return Run(kConfigure);
}

Result<std::optional<sql::TableSchema>> PostgresDriver::ReadSchema(
    const TableTarget& target) {
  return Guard([&] { return ReadTableSchema(work_.get(), target); });
}

Result<std::vector<Finding>> PostgresDriver::InspectTable(
    const sql::TableSchema& schema) {
  return Guard([&]() -> Result<std::vector<Finding>> {
    std::vector<Finding> findings = CheckPrivileges(
        work_.get(), schema.name, {"SELECT", "INSERT", "UPDATE", "DELETE"});
    const pqxx::row secured =
        work_->exec_params1("SELECT row_security_active($1::regclass)",
                            PostgresDialect().QuoteTable(schema.name));
    if (secured[0].as<bool>()) {
      findings.push_back(
          {false,
           "row-level security is on for table " + schema.name +
               ": rows that its policies hide are neither updated nor deleted",
           "a policy FOR ALL of this user"});
    }
    return findings;
  });
}

Result<bool> PostgresDriver::MayCreateTable(const std::string& table) {
  return Guard([&]() -> Result<bool> { return MayCreate(work_.get(), table); });
}

std::string PostgresDriver::GrantsFor(const std::string& table) {
  const auto grant = Guard([&]() -> Result<std::string> {
    return CheckpointGrant(work_.get(), table);
  });
  return grant.ok() ? *grant : std::string();
}

void PostgresDriver::UseTable(const sql::TargetTable* table) {
  table_ = table;
  wires_ = WiresFor(*table);
  has_identity_ = std::any_of(
      table->columns.begin(), table->columns.end(),
      [](const sql::ColumnSchema& column) { return column.identity; });
}

Result<bool> PostgresDriver::CheckpointTableExists(const std::string& table) {
  return Guard([&] { return CheckpointTableIsThere(work_.get(), table); });
}

Status PostgresDriver::Run(const std::string& sql) {
  return Guard([&] {
    work_->exec(sql);
    return Status::Ok();
  });
}

Status PostgresDriver::Commit() {
  Status status = Run("COMMIT");
  if (status.code() != StatusCode::kReconnect) return status;
  // The connection broke between sending COMMIT and hearing of its outcome.
  return Status(StatusCode::kInDoubt, status.message());
}

void PostgresDriver::Rollback() noexcept {
  if (work_ == nullptr || !connection_->is_open()) return;
  try {
    work_->exec("ROLLBACK");
  } catch (...) {
    // The connection is gone, and the transaction with it.
  }
}

Status PostgresDriver::RollbackToSavepoint() {
  return Run("ROLLBACK TO regear_part; RELEASE regear_part");
}

Status PostgresDriver::CheckDeferred() {
  return Run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED");
}

Result<size_t> PostgresDriver::Execute(
    const std::string& sql, std::span<const std::string> parameters) {
  return Guard([&]() -> Result<size_t> {
    return work_
        ->exec_params(sql, pqxx::prepare::make_dynamic_params(
                               parameters.begin(), parameters.end()))
        .affected_rows();
  });
}

Result<std::optional<std::string>> PostgresDriver::QueryText(
    const std::string& sql, std::span<const std::string> parameters) {
  return Guard([&]() -> Result<std::optional<std::string>> {
    const pqxx::result rows =
        work_->exec_params(sql, pqxx::prepare::make_dynamic_params(
                                    parameters.begin(), parameters.end()));
    if (rows.empty()) return std::optional<std::string>();
    return std::optional<std::string>(rows[0][0].c_str());
  });
}

Result<std::vector<std::vector<std::string>>> PostgresDriver::QueryRows(
    const std::string& sql, std::span<const std::string> parameters) {
  return Guard([&]() -> Result<std::vector<std::vector<std::string>>> {
    const pqxx::result found =
        work_->exec_params(sql, pqxx::prepare::make_dynamic_params(
                                    parameters.begin(), parameters.end()));
    std::vector<std::vector<std::string>> rows;
    for (const pqxx::row& row : found) {
      std::vector<std::string>& texts = rows.emplace_back();
      for (const pqxx::field& field : row) texts.emplace_back(field.c_str());
    }
    return rows;
  });
}

}  // namespace regear::postgres
