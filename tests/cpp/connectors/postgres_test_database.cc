#include "connectors/postgres_test_database.h"

#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>
#include <utility>

#include "connectors/postgres/postgres_connector.h"
#include "connectors/postgres_server.h"

// libpqxx 6.4 forgets the result of a statement during which the connection
// broke: it asks the connection for its encoding before it takes ownership.
extern "C" [[gnu::visibility("default")]] const char*
__lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libpqxx-6\n";
}

namespace regear::testing {

namespace {

std::string Options(const std::string& folder) {
  return "host=" + folder + " user=postgres dbname=postgres";
}

// A transaction on a connection of its own, undone at the end.
struct OtherTransaction {
  explicit OtherTransaction(const std::string& options)
      : connection(options), work(connection) {}

  pqxx::connection connection;
  pqxx::work work;
};

}  // namespace

std::unique_ptr<PostgresTestDatabase> PostgresTestDatabase::Make(
    std::string* reason) {
  const std::string folder = PostgresSocketFolder(reason);
  if (folder.empty()) return nullptr;
  return std::make_unique<PostgresTestDatabase>(folder);
}

PostgresTestDatabase::PostgresTestDatabase(std::string socket_folder)
    : socket_folder_(std::move(socket_folder)),
      connection_(Options(socket_folder_)) {
  Run("SET client_min_messages = warning;"
      "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public");
}

ConnectionParameters PostgresTestDatabase::parameters() const {
  return {{"host", socket_folder_},
          {"user", "postgres"},
          {"dbname", "postgres"},
          {"options", "-c lock_timeout=100"}};
}

std::unique_ptr<Connector> PostgresTestDatabase::MakeConnector(
    TableTarget target, std::vector<std::string> columns) {
  return MakeConnectorWith(std::move(target), std::move(columns), parameters());
}

std::unique_ptr<Connector> PostgresTestDatabase::MakeConnectorWith(
    TableTarget target, std::vector<std::string> columns,
    ConnectionParameters parameters) {
  return std::make_unique<PostgresConnector>(
      std::move(target), std::move(columns),
      [parameters = std::move(parameters)]() -> Result<ConnectionParameters> {
        return parameters;
      });
}

void PostgresTestDatabase::Run(const std::string& sql) {
  pqxx::nontransaction work(connection_);
  ASSERT_NO_THROW(work.exec(sql)) << sql;
}

std::vector<std::string> PostgresTestDatabase::Query(const std::string& sql) {
  pqxx::nontransaction work(connection_);
  std::vector<std::string> rows;
  for (const pqxx::row& row : work.exec(sql)) {
    std::string text;
    for (const pqxx::field& field : row) {
      text += field.num() > 0 ? "|" : "";
      text += field.is_null() ? "NULL" : field.c_str();
    }
    rows.push_back(text);
  }
  return rows;
}

std::shared_ptr<void> PostgresTestDatabase::LockRows(const std::string& table) {
  auto other = std::make_shared<OtherTransaction>(Options(socket_folder_));
  other->work.exec("LOCK TABLE " + table + " IN EXCLUSIVE MODE");
  return other;
}

}  // namespace regear::testing
