#include "connectors/sqlite/sqlite_connector.h"

#include <memory>
#include <utility>

#include "connectors/sqlite/sqlite_driver.h"

namespace regear {

SqliteConnector::SqliteConnector(TableTarget target,
                                 std::vector<std::string> columns,
                                 ConnectionProvider provider)
    : sql::SqlConnector(std::make_unique<sqlite::SqliteDriver>(),
                        std::move(target), std::move(columns),
                        std::move(provider)) {}

}  // namespace regear
