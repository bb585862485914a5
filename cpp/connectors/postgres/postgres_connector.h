// Writes folded batches to a table of a PostgreSQL database.
#pragma once

#include <string>
#include <vector>

#include "change/connector.h"
#include "connectors/sql/sql_connector.h"

namespace regear {

// Connection parameters: libpq's keywords (host, port, user, password, dbname,
// sslmode …). Values are text and become what their column's type makes of
// them, as if they were typed in quotes; a value that it does not take is
// refused, never cut or rounded beyond what an assignment does. bytea columns
// take the bytes as they are. The server's synchronous_commit decides when a
// commit counts.
class PostgresConnector : public sql::SqlConnector {
 public:
  // `columns` are the mapped columns, in the order of a batch's cells.
  PostgresConnector(TableTarget target, std::vector<std::string> columns,
                    ConnectionProvider provider);
};

}  // namespace regear
