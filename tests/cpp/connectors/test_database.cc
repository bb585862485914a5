#include "connectors/test_database.h"

#include <cstdlib>
#include <utility>

#include "connectors/sqlite_test_database.h"
#ifdef REGEAR_HAVE_MYSQL
#include "connectors/mysql_test_database.h"
#endif
#ifdef REGEAR_HAVE_POSTGRES
#include "connectors/postgres_test_database.h"
#endif

namespace regear::testing {

std::vector<std::string> Backends() {
  std::vector<std::string> backends = {"Sqlite"};
#ifdef REGEAR_HAVE_POSTGRES
  backends.emplace_back("Postgres");
#endif
#ifdef REGEAR_HAVE_MYSQL
  backends.insert(backends.end(), {"Mysql", "MysqlRows"});
#endif
  return backends;
}

std::unique_ptr<TestDatabase> MakeTestDatabase(const std::string& backend,
                                               std::string* reason) {
  if (backend == "Sqlite") return std::make_unique<SqliteTestDatabase>();
#ifdef REGEAR_HAVE_POSTGRES
  if (backend == "Postgres") return PostgresTestDatabase::Make(reason);
#endif
#ifdef REGEAR_HAVE_MYSQL
  if (backend.starts_with("Mysql")) {
    return MysqlTestDatabase::Make(/*arrays=*/backend == "Mysql", reason);
  }
#endif
  *reason = "built without " + backend;
  return nullptr;
}

void ConnectorTest::SetUp() {
  std::string reason;
  database = MakeTestDatabase(GetParam(), &reason);
  if (database != nullptr) return;
  // Where the tests are to be complete, a missing server is a failure.
  if (std::getenv("CI") != nullptr) FAIL() << reason;
  GTEST_SKIP() << reason;
}

std::unique_ptr<Connector> ConnectorTest::MakeConnector(
    const std::vector<std::string>& mapped, const std::string& table) const {
  TableTarget target;
  target.table = table;
  target.primary_key = {"id"};
  target.checkpoint_id = kStream;
  return database->MakeConnector(std::move(target), mapped);
}

void ConnectorTest::Open(const std::vector<std::string>& mapped,
                         const std::string& table) {
  columns = mapped;
  connector = MakeConnector(mapped, table);
  const Status status = connector->Open();
  ASSERT_TRUE(status.ok()) << status.ToString();
}

WriteReport ConnectorTest::Write(const BatchBuilder& batch) {
  return connector->Write(batch.batch(), CheckpointAt(++batches));
}

Checkpoint ConnectorTest::CheckpointAt(uint64_t n) {
  return {1, "0123456789abcdef0123456789abcdef", {n, 0}, 1};
}

}  // namespace regear::testing
