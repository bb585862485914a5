// What the tests of the MySQL connector share.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/mysql_test_database.h"

namespace regear::testing {

class MysqlConnectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string reason;
    database = MysqlTestDatabase::Make(/*arrays=*/true, &reason);
    if (database != nullptr) return;
    if (std::getenv("CI") != nullptr) FAIL() << reason;
    GTEST_SKIP() << reason;
  }

  void Open(const std::string& create, const std::vector<std::string>& mapped,
            ConnectionParameters changed = {}) {
    if (!create.empty()) database->Run(create);
    columns = mapped;
    REGEAR_EXPECT_OK(OpenWith(std::move(changed)));
  }

  // Opens a connector whose connection parameters differ so.
  Status OpenWith(ConnectionParameters changed) {
    ConnectionParameters parameters = database->parameters();
    for (const auto& [name, value] : changed) parameters[name] = value;
    connector = database->MakeConnectorWith(
        {"people", {"id"}, "regear_checkpoint", kStream, {}}, columns,
        parameters);
    return connector->Open();
  }

  BatchBuilder Batch() const { return BatchBuilder(columns); }
  WriteReport Write(const BatchBuilder& batch) {
    return connector->Write(
        batch.batch(),
        {1, "0123456789abcdef0123456789abcdef", {++batches, 0}, 1});
  }
  std::vector<std::string> People() {
    return database->Query("SELECT * FROM people ORDER BY 1");
  }

  // How often the server has run such a statement: "Com_stmt_execute".
  size_t Statements(const std::string& counter) {
    const std::string row =
        database->Query("SHOW GLOBAL STATUS LIKE '" + counter + "'").at(0);
    return std::stoul(row.substr(row.find('|') + 1));
  }

  std::unique_ptr<MysqlTestDatabase> database;
  std::unique_ptr<Connector> connector;
  std::vector<std::string> columns;
  uint64_t batches = 0;
};

}  // namespace regear::testing
