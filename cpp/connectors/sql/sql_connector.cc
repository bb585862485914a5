#include "connectors/sql/sql_connector.h"

#include <exception>
#include <iterator>
#include <utility>

#include "connectors/sql/id_pages.h"
#include "connectors/sql/preflight.h"

namespace regear::sql {

SqlConnector::SqlConnector(std::unique_ptr<SqlDriver> driver,
                           TableTarget target, std::vector<std::string> columns,
                           ConnectionProvider provider)
    : driver_(std::move(driver)),
      target_(std::move(target)),
      columns_(std::move(columns)),
      provider_(std::move(provider)),
      checkpoint_table_(target_, driver_->dialect()),
      children_(&target_) {}

Status SqlConnector::Open() {
  open_ = false;
  const auto parameters = AskParameters();
  if (!parameters.ok()) return parameters.status();
  secrets_ = Secrets(*parameters);
  Status status = OpenWith(*parameters);
  open_ = status.ok();
  return secrets_.Redact(status);
}

Result<ConnectionParameters> SqlConnector::AskParameters() const {
  // The provider may be the recipe's own code.
  try {
    return provider_();
  } catch (const std::exception& error) {
    return Status(StatusCode::kRetry,
                  std::string("connection parameters: ") + error.what());
  }
}

Status SqlConnector::OpenWith(const ConnectionParameters& parameters) {
  REGEAR_RETURN_IF_ERROR(driver_->Connect(parameters));
  REGEAR_RETURN_IF_ERROR(ReadTable());
  driver_->UseTable(&table_);
  return keeps_checkpoint() ? CreateCheckpointTable() : Status::Ok();
}

Result<std::vector<Finding>> SqlConnector::Preflight() {
  open_ = false;
  const auto parameters = AskParameters();
  if (!parameters.ok()) return parameters.status();
  secrets_ = Secrets(*parameters);
  const Status connected = driver_->Connect(*parameters);
  auto findings = connected.ok() ? Inspect() : connected;
  const Status failed = secrets_.Redact(findings.status());
  if (failed.code() == StatusCode::kStop) {
    return std::vector<Finding>{{true, failed.message(), failed.hint()}};
  }
  if (!failed.ok()) return failed;
  for (Finding& finding : *findings) {
    finding.message = secrets_.Redact(std::move(finding.message));
    finding.hint = secrets_.Redact(std::move(finding.hint));
  }
  return findings;
}

Result<std::vector<Finding>> SqlConnector::Inspect() {
  auto findings = InspectTables(&table_);
  if (!findings.ok() || !keeps_checkpoint()) return findings;
  auto more = InspectCheckpoint(driver_.get(), checkpoint_table_);
  if (!more.ok()) return more;
  std::move(more->begin(), more->end(), std::back_inserter(*findings));
  return findings;
}

Result<std::vector<Finding>> SqlConnector::InspectTables(TargetTable* table) {
  std::vector<Finding> of_children;
  REGEAR_RETURN_IF_ERROR(children_.Inspect(driver_.get(), &of_children));
  auto findings = InspectTarget(driver_.get(), target_, columns_, table);
  if (!findings.ok()) return findings;
  std::move(of_children.begin(), of_children.end(),
            std::back_inserter(*findings));
  return findings;
}

Status SqlConnector::ReadTable() {
  TargetTable table;
  auto findings = InspectTables(&table);
  if (!findings.ok()) return findings.status();
  REGEAR_RETURN_IF_ERROR(BlockingStatus(*findings));
  table_ = std::move(table);
  warnings_ = *std::move(findings);  // nothing blocks: all are warnings
  return Status::Ok();
}

Status SqlConnector::CreateCheckpointTable() {
  const auto exists = driver_->CheckpointTableExists(checkpoint_table_.name());
  if (!exists.ok() || *exists) return exists.status();
  const std::string& ddl = checkpoint_table_.create();
  Status status = driver_->Execute(ddl, {}).status();
  if (status.code() == StatusCode::kStop) {
    return Status(StatusCode::kStop,
                  "table " + checkpoint_table_.name() +
                      " is missing and cannot be created: " + status.message(),
                  CheckpointTableHint(driver_.get(), checkpoint_table_));
  }
  // Two workers that create it at once may collide in spite of IF NOT EXISTS.
  if (status.refused()) {
    return Status(StatusCode::kRetry, status.message());
  }
  return status;
}

Result<std::optional<Checkpoint>> SqlConnector::LoadCheckpoint() {
  if (!keeps_checkpoint()) return std::optional<Checkpoint>();
  if (!open_) return Status(StatusCode::kReconnect, "not connected");
  const std::string id[] = {target_.checkpoint_id};
  auto stored = driver_->QueryText(checkpoint_table_.select(), id);
  if (!stored.ok()) return secrets_.Redact(stored.status());
  stored_ = *std::move(stored);
  if (!stored_) return std::optional<Checkpoint>();
  auto checkpoint = Checkpoint::Decode(*stored_);
  if (!checkpoint.ok()) return checkpoint.status();
  if (checkpoint_table_.has_journal()) {
    auto journal = LoadJournal();
    if (!journal.ok()) return journal.status();
    checkpoint->journal = *std::move(journal);
  }
  return std::optional<Checkpoint>(*std::move(checkpoint));
}

Result<std::string> SqlConnector::LoadJournal() {
  const std::string id[] = {target_.checkpoint_id};
  auto journal = driver_->QueryText(checkpoint_table_.select_journal(), id);
  if (!journal.ok()) return secrets_.Redact(journal.status());
  return journal->value_or("");
}

Result<std::vector<std::string>> SqlConnector::IdsAfter(
    const std::optional<std::string>& after, size_t limit) {
  if (!open_) return Status(StatusCode::kReconnect, "not connected");
  auto ids =
      ReadIdsAfter(driver_.get(), table_, target_.key_template, after, limit);
  if (!ids.ok()) return secrets_.Redact(ids.status());
  return ids;
}

Status SqlConnector::Explain(Status status) {
  if (status.code() != StatusCode::kStop || !status.hint().empty()) {
    return status;
  }
  Status table = ReadTable();
  if (table.code() == StatusCode::kStop) return table;
  if (!keeps_checkpoint()) return status;
  const auto exists = driver_->CheckpointTableExists(checkpoint_table_.name());
  if (exists.status().code() == StatusCode::kStop) return exists.status();
  if (!exists.ok() || *exists) return status;
  return Status(status.code(), status.message(), checkpoint_table_.create());
}

}  // namespace regear::sql
