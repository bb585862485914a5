// What PostgreSQL's catalog says about a table.
#pragma once

#include <optional>
#include <pqxx/transaction_base>
#include <string>

#include "base/status.h"
#include "change/connector.h"
#include "connectors/sql/dialect.h"
#include "connectors/sql/target_table.h"

namespace regear::postgres {

const sql::Dialect& PostgresDialect();

// Nothing if the table does not exist; kStop, with a hint, if it exists where
// the user does not see it, or is no table. These throw what libpqxx throws.
Result<std::optional<sql::TableSchema>> ReadTableSchema(
    pqxx::transaction_base* work, const TableTarget& target);

}  // namespace regear::postgres
