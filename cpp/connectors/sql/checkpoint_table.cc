#include "connectors/sql/checkpoint_table.h"

#include <vector>

namespace regear::sql {

CheckpointTable::CheckpointTable(const TableTarget& target,
                                 const Dialect& dialect)
    : dialect_(dialect),
      name_(target.checkpoint_table),
      has_journal_(target.journal) {
  const std::string table = dialect.QuoteTable(name_);
  const std::string p1 = dialect.Parameter(1);
  const std::string varchar(dialect.varchar_type());
  const std::string key[] = {"id"};
  create_ =
      "CREATE TABLE IF NOT EXISTS " + table + " (id " + varchar +
      " PRIMARY KEY, val " + varchar +
      (has_journal_ ? ", journal " + std::string(dialect.long_text_type()) + ")"
                    : ")");
  select_ = "SELECT val FROM " + table + " WHERE id = " + p1;
  select_journal_ = "SELECT journal FROM " + table + " WHERE id = " + p1;
  std::vector<std::string> columns = {"id", "val"};
  if (has_journal_) columns.emplace_back("journal");
  insert_ = dialect.InsertMissing(table, key, columns);
  compare_and_swap_ = CompareAndSwapFrom(1);
}

// Parameters in the order of their numbers: some dialects know no other.
std::string CheckpointTable::CompareAndSwapFrom(size_t first) const {
  const auto next = [&] { return dialect_.Parameter(first++); };
  std::string sql =
      "UPDATE " + dialect_.QuoteTable(name_) + " SET val = " + next();
  if (has_journal_) sql += ", journal = " + next();
  sql += " WHERE id = " + next();
  return sql + " AND val = " + next();
}

}  // namespace regear::sql
