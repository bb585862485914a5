#include "connectors/sqlite_test_database.h"

#include <cstdlib>
#include <utility>

#include "connectors/sqlite/sqlite_connector.h"

namespace regear::testing {

namespace {

std::filesystem::path MakeFolder() {
  std::string name =
      (std::filesystem::temp_directory_path() / "regear-sqlite-XXXXXX")
          .string();
  return mkdtemp(name.data());
}

sqlite::DatabaseHandle OpenFile(const std::string& path) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  return sqlite::DatabaseHandle(database);
}

void RunOn(sqlite3* database, const std::string& sql) {
  const Status status = sqlite::Run(database, sql);
  ASSERT_TRUE(status.ok()) << status.message() << " in " << sql;
}

}  // namespace

SqliteTestDatabase::SqliteTestDatabase()
    : folder_(MakeFolder()), database_(OpenFile(parameters().at("path"))) {}

SqliteTestDatabase::~SqliteTestDatabase() {
  database_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

ConnectionParameters SqliteTestDatabase::parameters() const {
  return {{"path", folder_ / "test.db"}, {"busy_timeout", "0"}};
}

std::unique_ptr<Connector> SqliteTestDatabase::MakeConnector(
    TableTarget target, std::vector<std::string> columns) {
  return std::make_unique<SqliteConnector>(
      std::move(target), std::move(columns),
      [parameters = parameters()]() -> Result<ConnectionParameters> {
        return parameters;
      });
}

void SqliteTestDatabase::Run(const std::string& sql) {
  RunOn(database_.get(), sql);
}

std::vector<std::string> SqliteTestDatabase::Query(const std::string& sql) {
  auto statement = sqlite::Prepare(database_.get(), sql);
  EXPECT_TRUE(statement.ok()) << statement.status().message();
  std::vector<std::string> rows;
  if (!statement.ok()) return rows;
  while (sqlite3_step(statement->get()) == SQLITE_ROW) {
    std::string row;
    for (int i = 0; i < sqlite3_column_count(statement->get()); ++i) {
      const bool null = sqlite3_column_type(statement->get(), i) == SQLITE_NULL;
      row += (i > 0 ? "|" : "");
      row += null ? "NULL" : sqlite::ColumnText(statement->get(), i);
    }
    rows.push_back(row);
  }
  return rows;
}

std::shared_ptr<void> SqliteTestDatabase::LockRows(const std::string&) {
  std::shared_ptr<sqlite3> other(OpenFile(parameters().at("path")).release(),
                                 sqlite::CloseDatabase());
  RunOn(other.get(), "BEGIN IMMEDIATE");
  return other;
}

}  // namespace regear::testing
