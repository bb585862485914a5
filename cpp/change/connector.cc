#include "change/connector.h"

namespace regear {

Result<std::vector<Finding>> Connector::Preflight() {
  const Status status = Open();
  if (status.ok()) return warnings();
  if (status.code() != StatusCode::kStop) return status;
  return std::vector<Finding>{{true, status.message(), status.hint()}};
}

Result<std::vector<std::string>> Connector::IdsAfter(
    const std::optional<std::string>& /*after*/, size_t /*limit*/) {
  return Status(StatusCode::kInvalid, "this target cannot list its rows");
}

}  // namespace regear
