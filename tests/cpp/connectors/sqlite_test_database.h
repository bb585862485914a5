#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "connectors/sqlite/sqlite_handle.h"
#include "connectors/test_database.h"

namespace regear::testing {

// A database file in a folder of its own, removed at the end.
class SqliteTestDatabase : public TestDatabase {
 public:
  SqliteTestDatabase();
  ~SqliteTestDatabase() override;

  const std::filesystem::path& folder() const { return folder_; }

  ConnectionParameters parameters() const override;
  std::unique_ptr<Connector> MakeConnector(
      TableTarget target, std::vector<std::string> columns) override;
  void Run(const std::string& sql) override;
  std::vector<std::string> Query(const std::string& sql) override;
  std::shared_ptr<void> LockRows(const std::string& table) override;

 private:
  std::filesystem::path folder_;
  sqlite::DatabaseHandle database_;
};

}  // namespace regear::testing
