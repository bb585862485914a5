#include "engine/connector_factory.h"

#include <string>
#include <vector>

#include "connectors/callback/callback_connector.h"
#include "connectors/sqlite/sqlite_connector.h"
#ifdef REGEAR_HAVE_POSTGRES
#include "connectors/postgres/postgres_connector.h"
#endif

namespace regear {

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
    case TargetKind::kSqlite:
      return std::unique_ptr<Connector>(std::make_unique<SqliteConnector>(
          std::move(table), std::move(columns), spec.connect));
    case TargetKind::kPostgres:
#ifdef REGEAR_HAVE_POSTGRES
      return std::unique_ptr<Connector>(std::make_unique<PostgresConnector>(
          std::move(table), std::move(columns), spec.connect));
#else
      break;
#endif
  }
  return Status(StatusCode::kInvalid, "this build has no PostgreSQL connector",
                "install libpqxx-dev and build regear again");
}

}  // namespace regear
