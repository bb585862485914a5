// Which ids are the same row to the server.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connectors/mysql/mysql_session.h"
#include "connectors/sql/target_table.h"

namespace regear::mysql {

// The character set of a collation: utf8mb4 of utf8mb4_general_ci.
std::string CharsetOf(const std::string& collation);

// The SQL of what is the same for all `bytes` that the key column takes for the
// same; NULL for what it does not take.
std::string CanonicalOf(const sql::ColumnSchema& key, const std::string& bytes);

// Tells which texts are the same to one key column. Most can be told without
// the server: those of letters, digits and a few marks are the same at most if
// they differ in case only, as the server says of nearly all collations.
class KeyComparison {
 public:
  // Asks about the column's collation.
  static Result<KeyComparison> Learn(Session* session,
                                     const sql::ColumnSchema& key);

  // For each value the index of the first one that is the same, or that cannot
  // be told from it.
  Result<std::vector<size_t>> FirstEqual(
      Session* session, std::span<const std::string_view> values) const;

 private:
  explicit KeyComparison(sql::ColumnSchema key) : key_(std::move(key)) {}

  Result<std::vector<size_t>> Ask(
      Session* session, std::span<const std::string_view> values) const;

  sql::ColumnSchema key_;
  bool plain_differs_ = false;  // plain texts differ if not by case only
};

}  // namespace regear::mysql
