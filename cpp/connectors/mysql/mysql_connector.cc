#include "connectors/mysql/mysql_connector.h"

#include <memory>
#include <utility>

#include "connectors/mysql/mysql_driver.h"

namespace regear {

MysqlConnector::MysqlConnector(TableTarget target,
                               std::vector<std::string> columns,
                               ConnectionProvider provider)
    : sql::SqlConnector(std::make_unique<mysql::MysqlDriver>(),
                        std::move(target), std::move(columns),
                        std::move(provider)) {}

}  // namespace regear
