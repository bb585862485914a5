// RAII over SQLite's handles.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace regear::sqlite {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// Resets a statement when a use of it ends, so that it holds no lock and no
// pointer to a bound value stays behind that could be read later.
class StatementUse {
 public:
  explicit StatementUse(sqlite3_stmt* statement) : statement_(statement) {}
  ~StatementUse() { sqlite3_reset(statement_); }
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;

 private:
  sqlite3_stmt* statement_;
};

Result<StatementHandle> Prepare(sqlite3* database, std::string_view sql);

// Runs statements that return no rows anybody needs.
Status Run(sqlite3* database, const std::string& sql);

// Binds text that lives until the statement is reset.
int BindText(sqlite3_stmt* statement, int parameter, std::string_view text);

// The text of a result column; empty for NULL.
std::string ColumnText(sqlite3_stmt* statement, int column);

}  // namespace regear::sqlite
