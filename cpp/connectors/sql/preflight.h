// Looks at a target before anything is written to it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "connectors/sql/checkpoint_table.h"
#include "connectors/sql/sql_driver.h"
#include "connectors/sql/target_table.h"

namespace regear::sql {

// What is to be mended or known about the table of `target`; `table` is what
// is to be written if nothing blocks. Fails like SqlDriver::ReadSchema, except
// that kStop becomes a finding.
Result<std::vector<Finding>> InspectTarget(SqlDriver* driver,
                                           const TableTarget& target,
                                           std::span<const std::string> columns,
                                           TargetTable* table);

// Likewise for the checkpoint's table, which is created where it is missing.
Result<std::vector<Finding>> InspectCheckpoint(SqlDriver* driver,
                                               const CheckpointTable& table);

// The hint for a checkpoint table that somebody else has to create.
std::string CheckpointTableHint(SqlDriver* driver,
                                const CheckpointTable& table);

// kStop with all that blocks, if something does.
Status BlockingStatus(std::span<const Finding> findings);

}  // namespace regear::sql
