// A connection with its settings and prepared statements.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "connectors/mysql/mysql_handle.h"
#include "connectors/mysql/mysql_values.h"

namespace regear::mysql {

// Parameters of many rows: one array for each parameter of a row.
using RowArrays = std::vector<ValueArray>;

// The SQL of a statement for so many rows at once. Where the server takes
// arrays it is asked for one row only, and sent with all of them.
using SqlForRows = std::function<std::string(size_t rows)>;

class Session {
 public:
  using Row = std::vector<std::optional<std::string>>;

  // Drops what was open before.
  Status Open(const ConnectionParameters& parameters);

  Status Run(const std::string& sql);
  Status Commit();
  // Parameters are texts.
  Result<size_t> Execute(const std::string& sql,
                         std::span<const std::string> parameters);
  Result<std::vector<Row>> Query(const std::string& sql,
                                 std::span<const std::string> parameters);
  // What the server says of the statement before it runs.
  Status Check(const std::string& sql);

  // Writes all rows of `arrays`, which are as long as each other, in as few
  // statements as the server takes; returns how many rows were touched.
  Result<size_t> WriteRows(const SqlForRows& sql, RowArrays* arrays);
  // All that the statements for all rows return.
  Result<std::vector<Row>> QueryRows(const SqlForRows& sql, RowArrays* arrays);

 private:
  Status Configure(const ConnectionParameters& parameters);
  Result<MYSQL_STMT*> Prepare(const std::string& sql);
  // Runs a statement; `arrays`: how many rows the parameters hold, 0 for
  // parameters that are no arrays.
  Result<size_t> Send(MYSQL_STMT* statement, std::span<MYSQL_BIND> parameters,
                      unsigned arrays);
  Result<std::vector<Row>> Fetch(MYSQL_STMT* statement) const;
  // How many rows from the first one on fit a statement and a packet.
  Result<size_t> RowsThatFit(const RowArrays& arrays, size_t first,
                             size_t most) const;

  ConnectionHandle connection_;
  std::map<std::string, StatementHandle> prepared_;  // gone before it
  bool bulk_ = false;                                // parameters may be arrays
  size_t max_packet_ = 0;                            // bytes
};

}  // namespace regear::mysql
