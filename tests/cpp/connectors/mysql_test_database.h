#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/mysql/mysql_handle.h"
#include "connectors/test_database.h"

namespace regear::testing {

// The database "test" of the test server, made anew for each test. Names may
// stand in double quotes; "text" in lower case becomes a varchar, which can be
// a key.
class MysqlTestDatabase : public TestDatabase {
 public:
  static std::unique_ptr<MysqlTestDatabase> Make(bool arrays,
                                                 std::string* reason);

  MysqlTestDatabase(std::string socket, bool arrays);

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
  mysql::ConnectionHandle Connect() const;

  std::string socket_;
  bool arrays_;  // whether parameters may be arrays: MySQL takes none
  mysql::ConnectionHandle connection_;
};

}  // namespace regear::testing
