// Writes folded batches to a table of a SQLite database file.
#pragma once

#include <string>
#include <vector>

#include "change/connector.h"
#include "connectors/sql/sql_connector.h"

namespace regear {

// Connection parameters: "path", the database file, created if missing in an
// existing folder; "busy_timeout", how many milliseconds to wait for another
// process's transaction (5000). The database is switched to write-ahead
// logging, and each commit is synced to disk. Values are converted by the
// declared type of their column (sqlite_values.h). Foreign keys are not
// enforced, which is SQLite's default for a connection.
class SqliteConnector : public sql::SqlConnector {
 public:
  // `columns` are the mapped columns, in the order of a batch's cells.
  SqliteConnector(TableTarget target, std::vector<std::string> columns,
                  ConnectionProvider provider);
};

}  // namespace regear
