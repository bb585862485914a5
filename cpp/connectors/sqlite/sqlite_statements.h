// The prepared statements that write rows of one table.
#pragma once

#include <sqlite3.h>

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/sql/dialect.h"
#include "connectors/sql/row_shape.h"
#include "connectors/sql/target_table.h"
#include "connectors/sqlite/sqlite_handle.h"

namespace regear::sqlite {

// The dialect of SQLite.
const sql::Dialect& SqliteDialect();

// SQL for rows of one shape. The first parameters are the key columns; the
// values of the shape's columns follow in order.
std::string UpsertSql(const sql::TargetTable& table,
                      const sql::RowShape& shape);
std::string UpdateSql(const sql::TargetTable& table,
                      const sql::RowShape& shape);
std::string DeleteSql(const sql::TargetTable& table);

// Statements of one connection, prepared when first asked for. They belong to
// the cache and end with it.
class StatementCache {
 public:
  StatementCache(sqlite3* database, const sql::TargetTable* table)
      : database_(database), table_(table) {}

  Result<sqlite3_stmt*> Upsert(const sql::RowShape& shape);
  Result<sqlite3_stmt*> Update(const sql::RowShape& shape);
  Result<sqlite3_stmt*> Delete();

 private:
  using Statements = std::map<sql::RowShape, StatementHandle>;

  template <typename MakeSql>
  Result<sqlite3_stmt*> Find(Statements* statements, const sql::RowShape& shape,
                             MakeSql make_sql);

  sqlite3* database_;
  const sql::TargetTable* table_;
  Statements upserts_;
  Statements updates_;
  StatementHandle delete_;
};

}  // namespace regear::sqlite
