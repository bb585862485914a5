#include "connectors/callback/callback_connector.h"

#include <exception>
#include <utility>

namespace regear {

namespace {

constexpr int kAlikeFailures = 3;
// For a row that is alone in its batch.
constexpr std::chrono::seconds kPatience{10};
// So many rows that fail one by one, with none accepted: the target is away.
constexpr size_t kHopeless = 8;
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

WriteReport CallbackConnector::Call(const FoldedBatch& batch) {
  try {
    return write_(batch);
  } catch (const std::exception& error) {
    return {Status(StatusCode::kRetry, error.what()), {}};
  } catch (...) {
    return {Status(StatusCode::kRetry, "unknown exception"), {}};
  }
}

WriteReport CallbackConnector::Write(const FoldedBatch& batch,
                                     const Checkpoint& /*checkpoint*/) {
  if (!batch.all_fit()) return RefuseMismatched(batch);
  WriteReport report = Call(batch);
  if (report.status.code() != StatusCode::kRetry) {
    failures_ = 0;
    return report;
  }
  if (report.status.message() != message_) failures_ = 0;
  message_ = report.status.message();
  if (failures_++ == 0) first_failure_ = std::chrono::steady_clock::now();
  if (failures_ < kAlikeFailures) return report;
  return WriteInParts(batch, report.status);
}

WriteReport CallbackConnector::WriteInParts(const FoldedBatch& batch,
                                            Status whole) {
  Parts parts;
  if (batch.size() == 1) {
    // No other row tells whether it is this one or the target.
    if (failures_ < 2 * kAlikeFailures ||
        std::chrono::steady_clock::now() - first_failure_ < kPatience) {
      return {std::move(whole), {}};
    }
    parts.refused.push_back({0, whole.message()});
  } else {
    const size_t half = batch.size() / 2;
    WritePart(batch, 0, half, &parts);
    WritePart(batch, half, batch.size() - half, &parts);
    if (parts.accepted == 0) return {std::move(whole), {}};
    if (!parts.gave_up.ok()) return {parts.gave_up, {}};
  }
  failures_ = 0;
  return {Status::Ok(), std::move(parts.refused)};
}

void CallbackConnector::WritePart(const FoldedBatch& batch, size_t first,
                                  size_t count, Parts* parts) {
  if (count == 0 || !parts->gave_up.ok()) return;
  Status status;
  for (int attempt = 0; attempt < (count == 1 ? kAlikeFailures : 1);
       ++attempt) {
    const WriteReport report = Call(batch.Slice(first, count));
    status = report.status;
    if (status.ok()) {
      parts->accepted += count;
      return;
    }
    // It is not the rows: the connection went away meanwhile.
    if (status.code() != StatusCode::kRetry && !status.refused()) {
      parts->gave_up = status;
      return;
    }
  }
  if (count > 1) {
    WritePart(batch, first, count / 2, parts);
    WritePart(batch, first + count / 2, count - count / 2, parts);
    return;
  }
  parts->refused.push_back({first, status.message(), StatusCode::kReject});
  if (parts->accepted == 0 && parts->refused.size() >= kHopeless) {
    parts->gave_up = status;
  }
}

}  // namespace regear
