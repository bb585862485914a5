#include "engine/connector_factory.h"

#include <string>
#include <utility>
#include <vector>

#include "connectors/callback/callback_connector.h"
#include "connectors/sqlite/sqlite_connector.h"
#ifdef REGEAR_HAVE_MYSQL
#include "connectors/mysql/mysql_connector.h"
#endif
#ifdef REGEAR_HAVE_POSTGRES
#include "connectors/postgres/postgres_connector.h"
#endif

namespace regear {

namespace {

[[maybe_unused]] Status NotBuilt(const std::string& database,
                                 const std::string& package) {
  return Status(StatusCode::kInvalid,
                "this build has no " + database + " connector",
                "install " + package + " and build regear again");
}

}  // namespace

Result<std::unique_ptr<Connector>> MakeConnector(const WorkerSpec& spec) {
  TableTarget table = spec.table;
  if (table.checkpoint_id.empty()) table.checkpoint_id = spec.stream;
  std::vector<std::string> columns;
  for (const RowMapping::Column& column : spec.mapping.columns) {
    columns.push_back(column.name);
  }
  switch (spec.target) {
    case TargetKind::kCallback:
      return std::unique_ptr<Connector>(
          std::make_unique<CallbackConnector>(spec.write));
    case TargetKind::kPython:
      if (spec.make_python) {
        return spec.make_python(table, std::move(columns));
      }
      return Status(StatusCode::kInvalid, "no connector is given");
    case TargetKind::kSqlite:
      return std::unique_ptr<Connector>(std::make_unique<SqliteConnector>(
          std::move(table), std::move(columns), spec.connect));
    case TargetKind::kPostgres:
#ifdef REGEAR_HAVE_POSTGRES
      return std::unique_ptr<Connector>(std::make_unique<PostgresConnector>(
          std::move(table), std::move(columns), spec.connect));
#else
      return NotBuilt("PostgreSQL", "libpqxx-dev");
#endif
    case TargetKind::kMysql:
#ifdef REGEAR_HAVE_MYSQL
      return std::unique_ptr<Connector>(std::make_unique<MysqlConnector>(
          std::move(table), std::move(columns), spec.connect));
#else
      return NotBuilt("MySQL", "libmariadb-dev");
#endif
  }
  return Status(StatusCode::kInvalid, "unknown target");
}

}  // namespace regear
