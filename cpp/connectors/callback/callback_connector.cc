#include "connectors/callback/callback_connector.h"

#include <exception>
#include <utility>

namespace regear {

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
  try {
    return write_(batch);
  } catch (const std::exception& error) {
    return {Status(StatusCode::kRetry, error.what()), {}};
  } catch (...) {
    return {Status(StatusCode::kRetry, "unknown exception"), {}};
  }
}

}  // namespace regear
