// Writes folded batches to a table of a MariaDB or MySQL database.
#pragma once

#include <string>
#include <vector>

#include "change/connector.h"
#include "connectors/sql/sql_connector.h"

namespace regear {

// Connection parameters: host, port, user, password, dbname, unix_socket (or a
// host that is a path), and those of mysql_connect.cc. The table's engine has
// to have transactions. Values are text and become what their column's type
// makes of them in strict mode (mysql_values.h); a value that it does not take
// is refused, never cut. The server's innodb_flush_log_at_trx_commit decides
// when a commit counts.
class MysqlConnector : public sql::SqlConnector {
 public:
  // `columns` are the mapped columns, in the order of a batch's cells.
  MysqlConnector(TableTarget target, std::vector<std::string> columns,
                 ConnectionProvider provider);
};

}  // namespace regear
