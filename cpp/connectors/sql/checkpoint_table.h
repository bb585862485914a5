// The statements of the checkpoint table, whose layout (id, val) is public,
// and of the journal table (id, val, journal).
#pragma once

#include <string>

#include "change/connector.h"
#include "connectors/sql/dialect.h"

namespace regear::sql {

class CheckpointTable {
 public:
  CheckpointTable(const TableTarget& target, const Dialect& dialect);

  const std::string& name() const { return name_; }      // as configured
  const std::string& create() const { return create_; }  // the DDL
  bool has_journal() const { return has_journal_; }
  // Parameter 1 is the id; returns val.
  const std::string& select() const { return select_; }
  // The same; returns the journal.
  const std::string& select_journal() const { return select_journal_; }
  // Parameters id, val (, journal). Writes nothing if the id is there.
  const std::string& insert() const { return insert_; }
  // Parameters val (, journal), id, expected val. Writes nothing if val is
  // another.
  const std::string& compare_and_swap() const { return compare_and_swap_; }
  // The same as a part of another statement: the number of its first parameter
  // is `first`.
  std::string CompareAndSwapFrom(size_t first) const;

 private:
  const Dialect& dialect_;
  std::string name_;
  std::string create_;
  bool has_journal_;
  std::string select_;
  std::string select_journal_;
  std::string insert_;
  std::string compare_and_swap_;
};

}  // namespace regear::sql
