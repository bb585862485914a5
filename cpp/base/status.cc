#include "base/status.h"

namespace regear {

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kRetry:
      return "retry";
    case StatusCode::kReconnect:
      return "reconnect";
    case StatusCode::kReject:
      return "refused";
    case StatusCode::kPark:
      return "foreign key violation";
    case StatusCode::kConflict:
      return "unique violation";
    case StatusCode::kInDoubt:
      return "in doubt";
    case StatusCode::kStop:
      return "stopped";
    case StatusCode::kFenced:
      return "fenced";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kInvalid:
      return "invalid";
  }
  return "unknown";
}

Status Status::Annotate(std::string_view action) const {
  if (ok()) return *this;
  return Status(code_, std::string(action) + ": " + message_, hint_);
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return hint_.empty() ? message_ : message_ + " (try: " + hint_ + ")";
}

}  // namespace regear
