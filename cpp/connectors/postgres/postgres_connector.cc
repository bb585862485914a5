#include "connectors/postgres/postgres_connector.h"

#include <memory>
#include <utility>

#include "connectors/postgres/pg_driver.h"

namespace regear {

PostgresConnector::PostgresConnector(TableTarget target,
                                     std::vector<std::string> columns,
                                     ConnectionProvider provider)
    : sql::SqlConnector(std::make_unique<postgres::PostgresDriver>(),
                        std::move(target), std::move(columns),
                        std::move(provider)) {}

}  // namespace regear
