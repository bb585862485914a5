// The seam between the conformance suite and the databases it runs on.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "change/connector.h"
#include "connectors/batch_builder.h"

namespace regear::testing {

// An empty database of its own. Statements are written in the SQL that all
// backends understand. A failure of the database fails the test.
class TestDatabase {
 public:
  virtual ~TestDatabase() = default;

  virtual ConnectionParameters parameters() const = 0;
  virtual std::unique_ptr<Connector> MakeConnector(
      TableTarget target, std::vector<std::string> columns) = 0;

  virtual void Run(const std::string& sql) = 0;
  // One string a row, values separated by '|', NULL as "NULL".
  virtual std::vector<std::string> Query(const std::string& sql) = 0;

  // A transaction of somebody else that holds a lock on the table's rows
  // until the returned object ends.
  virtual std::shared_ptr<void> LockRows(const std::string& table) = 0;
};

// The backends to run on: "Sqlite", and where they were built in "Postgres",
// "Mysql", and "MysqlRows", which sends rows as MySQL takes them.
std::vector<std::string> Backends();

// Null, with the reason, if the backend's server is not to be had here.
std::unique_ptr<TestDatabase> MakeTestDatabase(const std::string& backend,
                                               std::string* reason);

// A table and a connector that writes it, on each backend.
class ConnectorTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  // Makes `connector` for the columns, keyed by "id", and opens it. Call it
  // once the table exists.
  void Open(const std::vector<std::string>& columns,
            const std::string& table = "people");
  std::unique_ptr<Connector> MakeConnector(
      const std::vector<std::string>& columns,
      const std::string& table = "people") const;

  BatchBuilder Batch() const { return BatchBuilder(columns); }
  std::vector<std::string> People() {
    return database->Query("SELECT * FROM people ORDER BY id");
  }
  // Writes with the next checkpoint.
  WriteReport Write(const BatchBuilder& batch);
  // The checkpoint of the n-th batch.
  static Checkpoint CheckpointAt(uint64_t n);
  bool postgres() const { return GetParam() == "Postgres"; }
  bool mysql() const { return GetParam().starts_with("Mysql"); }
  // A name as the backend's hints quote it.
  std::string Quoted(const std::string& name) const {
    return mysql() ? "`" + name + "`" : "\"" + name + "\"";
  }

  std::unique_ptr<TestDatabase> database;
  std::unique_ptr<Connector> connector;
  std::vector<std::string> columns;
  uint64_t batches = 0;  // written so far
};

inline constexpr char kStream[] = "_people-stream-test-{06S}";

// Instantiates a suite derived from ConnectorTest for every backend.
#define REGEAR_ON_ALL_BACKENDS(suite)                                          \
  INSTANTIATE_TEST_SUITE_P(All, suite,                                         \
                           ::testing::ValuesIn(::regear::testing::Backends()), \
                           [](const auto& info) { return info.param; })

// Expects a Status that is OK, and prints one that is not.
#define REGEAR_EXPECT_OK(expression)                         \
  do {                                                       \
    const ::regear::Status expected_ok = (expression);       \
    EXPECT_TRUE(expected_ok.ok()) << expected_ok.ToString(); \
  } while (false)

}  // namespace regear::testing
