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

// Nothing if the table does not exist. kStop, with the GRANT as hint, if the
// user may not write it. Throws what libpqxx throws.
Result<std::optional<sql::TableSchema>> ReadTableSchema(
    pqxx::transaction_base* work, const TableTarget& target);

// kStop if it is there but the user may not write it. Throws likewise.
Result<bool> CheckpointTableIsThere(pqxx::transaction_base* work,
                                    const std::string& table);

}  // namespace regear::postgres
