// Whether the user sees and may write a table, and what to type if not. All
// throw what libpqxx throws.
#pragma once

#include <pqxx/transaction_base>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/connector.h"

namespace regear::postgres {

// kStop if `table` names a schema that is missing or that the user may not use.
Status CheckSchemaVisible(pqxx::transaction_base* work,
                          const std::string& table);

// kStop if a table of that name, which was not found, is in another schema.
Status CheckNotElsewhere(pqxx::transaction_base* work,
                         const std::string& table);

// kStop for a view or another relation that no upsert can go into.
Status CheckIsTable(pqxx::transaction_base* work, const std::string& table);

// The privileges of `wanted` ("SELECT", "INSERT" …) that the user lacks, as a
// finding that blocks.
std::vector<Finding> CheckPrivileges(
    pqxx::transaction_base* work, const std::string& table,
    const std::vector<std::string_view>& wanted);

// Nothing if there is no such table; kStop if the user may not write it.
Result<bool> CheckpointTableIsThere(pqxx::transaction_base* work,
                                    const std::string& table);

// Whether the user may create a table in the schema that `table` is in.
bool MayCreate(pqxx::transaction_base* work, const std::string& table);

// The GRANT that lets the user write the checkpoint's table.
std::string CheckpointGrant(pqxx::transaction_base* work,
                            const std::string& table);

}  // namespace regear::postgres
