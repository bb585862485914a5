// Reads the ids of a table's rows, page by page.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/key_template.h"
#include "connectors/sql/dialect.h"
#include "connectors/sql/sql_driver.h"
#include "connectors/sql/target_table.h"

namespace regear::sql {

// Selects up to `limit` keys, each column as text, in the order of the key. If
// `after`, only those behind the key that the parameters hold.
std::string IdPageSql(const TargetTable& table, const Dialect& dialect,
                      bool after, size_t limit);

// Connector::IdsAfter for `table`.
Result<std::vector<std::string>> ReadIdsAfter(
    SqlDriver* driver, const TargetTable& table,
    const KeyTemplate& key_template, const std::optional<std::string>& after,
    size_t limit);

}  // namespace regear::sql
