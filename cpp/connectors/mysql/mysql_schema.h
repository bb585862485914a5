// What the server says about tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "connectors/mysql/mysql_session.h"
#include "connectors/sql/dialect.h"
#include "connectors/sql/target_table.h"

namespace regear::mysql {

const sql::Dialect& MysqlDialect();

struct TableFacts {
  sql::TableSchema schema;
  // True if an INSERT may meet a row by something else than the key columns:
  // ON DUPLICATE KEY would then update another row than the one meant.
  bool other_unique = false;
};

// Nothing if there is no such table. kStop, with a hint, if its engine has no
// transactions or the user may not write it.
Result<std::optional<TableFacts>> ReadTableFacts(Session* session,
                                                 const TableTarget& target);

Result<bool> CheckpointTableIsThere(Session* session, const std::string& table);

}  // namespace regear::mysql
