#include "connectors/sql/checkpoint_table.h"

#include <vector>

namespace regear::sql {

CheckpointTable::CheckpointTable(const TableTarget& target,
                                 const Dialect& dialect)
    : name_(target.checkpoint_table), has_journal_(target.journal) {
  const std::string table = dialect.QuoteTable(name_);
  const std::string p1 = dialect.Parameter(1);
  const std::string p2 = dialect.Parameter(2);
  const std::string p3 = dialect.Parameter(3);
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
  // Parameters in the order of their numbers: some dialects know no other.
  compare_and_swap_ =
      "UPDATE " + table + " SET val = " + p1 +
      (has_journal_ ? ", journal = " + p2 + " WHERE id = " + p3 +
                          " AND val = " + dialect.Parameter(4)
                    : " WHERE id = " + p2 + " AND val = " + p3);
}

}  // namespace regear::sql
