#pragma once

#include <memory>
#include <pqxx/connection>
#include <string>
#include <vector>

#include "connectors/test_database.h"

namespace regear::testing {

// The schema public of the test server's database, emptied for each test.
class PostgresTestDatabase : public TestDatabase {
 public:
  static std::unique_ptr<PostgresTestDatabase> Make(std::string* reason);

  explicit PostgresTestDatabase(std::string socket_folder);

  ConnectionParameters parameters() const override;
  std::unique_ptr<Connector> MakeConnector(
      TableTarget target, std::vector<std::string> columns) override;
  std::unique_ptr<Connector> MakeConnectorWith(TableTarget target,
                                               std::vector<std::string> columns,
                                               ConnectionParameters parameters);
  void Run(const std::string& sql) override;
  std::vector<std::string> Query(const std::string& sql) override;
  std::shared_ptr<void> LockRows(const std::string& table) override;

 private:
  std::string socket_folder_;
  pqxx::connection connection_;
};

}  // namespace regear::testing
