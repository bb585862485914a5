#include "connectors/sql/preflight.h"

#include <iterator>
#include <utility>

namespace regear::sql {

namespace {

// A kStop of the driver is what an operator has to see; others are returned.
Status AddStop(const Status& status, std::vector<Finding>* findings) {
  if (status.code() != StatusCode::kStop) return status;
  findings->push_back({true, status.message(), status.hint()});
  return Status::Ok();
}

// `hint` behind `hints`, so that both can be typed at once.
void AddHint(const std::string& hint, std::string* hints) {
  if (hint.empty()) return;
  if (!hints->empty()) *hints += hints->ends_with(';') ? " " : "; ";
  *hints += hint;
}

}  // namespace

Result<std::vector<Finding>> InspectTarget(SqlDriver* driver,
                                           const TableTarget& target,
                                           std::span<const std::string> columns,
                                           TargetTable* table) {
  std::vector<Finding> findings;
  const auto schema = driver->ReadSchema(target);
  if (!schema.ok()) {
    REGEAR_RETURN_IF_ERROR(AddStop(
        schema.status().Annotate("schema of " + target.table), &findings));
    return findings;
  }
  const Dialect& dialect = driver->dialect();
  if (!*schema) {
    REGEAR_RETURN_IF_ERROR(
        AddStop(MissingTable(target, columns, dialect), &findings));
    return findings;
  }
  *table = ResolveTarget(**schema, target, columns, dialect, &findings);
  auto more = driver->InspectTable(**schema);
  if (!more.ok()) {
    REGEAR_RETURN_IF_ERROR(AddStop(more.status(), &findings));
    return findings;
  }
  std::move(more->begin(), more->end(), std::back_inserter(findings));
  return findings;
}

Result<std::vector<Finding>> InspectCheckpoint(SqlDriver* driver,
                                               const CheckpointTable& table) {
  std::vector<Finding> findings;
  const auto exists = driver->CheckpointTableExists(table.name());
  if (!exists.ok()) {
    REGEAR_RETURN_IF_ERROR(AddStop(exists.status(), &findings));
    return findings;
  }
  if (*exists) return findings;
  const auto creatable = driver->MayCreateTable(table.name());
  if (!creatable.ok()) {
    REGEAR_RETURN_IF_ERROR(AddStop(creatable.status(), &findings));
  } else if (!*creatable) {
    findings.push_back(
        {true, "table " + table.name() + " is missing and cannot be created",
         CheckpointTableHint(driver, table)});
  }
  return findings;
}

std::string CheckpointTableHint(SqlDriver* driver,
                                const CheckpointTable& table) {
  std::string hint = table.create();
  AddHint(driver->GrantsFor(table.name()), &hint);
  return hint;
}

Status BlockingStatus(std::span<const Finding> findings) {
  std::string messages;
  std::string hints;
  for (const Finding& finding : findings) {
    if (!finding.blocks) continue;
    messages += (messages.empty() ? "" : "; ") + finding.message;
    AddHint(finding.hint, &hints);
  }
  if (messages.empty()) return Status::Ok();
  return Status(StatusCode::kStop, std::move(messages), std::move(hints));
}

}  // namespace regear::sql
