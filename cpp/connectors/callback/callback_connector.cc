#include "connectors/callback/callback_connector.h"

#include <exception>
#include <utility>

namespace regear {

namespace {

WriteReport RefuseMismatched(const FoldedBatch& batch) {
  WriteReport report;
  for (size_t row = 0; row < batch.size(); ++row) {
    if (batch.row(row).fits_template) continue;
    report.refused.push_back({row, batch.MismatchReason(row)});
  }
  report.status = Status(StatusCode::kReject, report.refused.front().reason);
  return report;
}

}  // namespace

CallbackConnector::CallbackConnector(
    std::function<Status(const FoldedBatch&)> write)
    : write_([write = std::move(write)](const FoldedBatch& batch) {
        return WriteReport{write(batch), {}};
      }) {}

CallbackConnector::CallbackConnector(
    std::function<WriteReport(const FoldedBatch&)> write)
    : write_(std::move(write)) {}

WriteReport CallbackConnector::Write(const FoldedBatch& batch,
                                     const Checkpoint& /*checkpoint*/) {
  if (!batch.all_fit()) return RefuseMismatched(batch);
  try {
    return write_(batch);
  } catch (const std::exception& error) {
    return {Status(StatusCode::kRetry, error.what()), {}};
  } catch (...) {
    return {Status(StatusCode::kRetry, "unknown exception"), {}};
  }
}

}  // namespace regear
