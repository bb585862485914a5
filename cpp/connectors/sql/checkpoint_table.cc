#include "connectors/sql/checkpoint_table.h"

namespace regear::sql {

CheckpointTable::CheckpointTable(const TableTarget& target,
                                 const Dialect& dialect)
    : name_(target.checkpoint_table) {
  const std::string table = dialect.QuoteTable(name_);
  const std::string p1 = dialect.Parameter(1);
  const std::string p2 = dialect.Parameter(2);
  const std::string p3 = dialect.Parameter(3);
  const std::string varchar(dialect.varchar_type());
  const std::string key[] = {"id"};
  create_ = "CREATE TABLE IF NOT EXISTS " + table + " (id " + varchar +
            " PRIMARY KEY, val " + varchar + ")";
  select_ = "SELECT val FROM " + table + " WHERE id = " + p1;
  const std::string columns[] = {"id", "val"};
  insert_ = dialect.InsertMissing(table, key, columns);
  compare_and_swap_ = "UPDATE " + table + " SET val = " + p1 +
                      " WHERE id = " + p2 + " AND val = " + p3;
}

}  // namespace regear::sql
