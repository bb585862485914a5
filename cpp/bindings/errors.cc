#include "bindings/errors.h"

#include "bindings/text.h"

namespace regear {

namespace py = pybind11;

namespace {

// Never released: there may be no interpreter left when statics are
// destroyed.
struct ErrorClasses {
  py::object regear_error;
  py::object connection_failed;
  py::object lease_lost;
  py::object target_error;
  py::object target_unavailable;
  py::object reject;
  py::object retry;
  py::object gears_error;
};
ErrorClasses* error_classes = nullptr;

[[noreturn]] void Raise(const py::object& error_class, const Status& status) {
  const py::object error = error_class(
      ToPython(status.message()), py::arg("hint") = ToPython(status.hint()));
  PyErr_SetObject(error_class.ptr(), error.ptr());
  throw py::error_already_set();
}

}  // namespace

void LoadErrorClasses() {
  const py::module_ errors = py::module_::import("regear.errors");
  error_classes = new ErrorClasses{errors.attr("RegearError"),
                                   errors.attr("ConnectionFailed"),
                                   errors.attr("LeaseLost"),
                                   errors.attr("TargetError"),
                                   errors.attr("TargetUnavailable"),
                                   errors.attr("Reject"),
                                   errors.attr("Retry"),
                                   errors.attr("GearsError")};
}

py::object MakeGearsError(std::string_view text) {
  return error_classes->gears_error(ToPython(text));
}

void RaiseIfError(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return;
    case StatusCode::kFenced:
      Raise(error_classes->lease_lost, status);
    case StatusCode::kReconnect:
    case StatusCode::kRetry:
      Raise(error_classes->connection_failed, status);
    default:
      Raise(error_classes->regear_error, status);
  }
}

void RaiseIfTargetError(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return;
    case StatusCode::kStop:
    case StatusCode::kReject:
    case StatusCode::kPark:
    case StatusCode::kConflict:
    case StatusCode::kInvalid:
      Raise(error_classes->target_error, status);
    default:
      Raise(error_classes->target_unavailable, status);
  }
}

namespace {

// " (recipe.py:12)": where it was raised.
std::string PlaceOf(const py::error_already_set& error) {
  py::object place = error.trace();
  if (!place || place.is_none()) return {};
  while (!place.attr("tb_next").is_none()) place = place.attr("tb_next");
  return " (" +
         FromPython(place.attr("tb_frame").attr("f_code").attr("co_filename")) +
         ":" + std::to_string(place.attr("tb_lineno").cast<int>()) + ")";
}

// An error of the operating system says that something is away, not that a
// record is wrong.
StatusCode CodeOf(const py::error_already_set& error) {
  if (error.matches(error_classes->reject)) return StatusCode::kReject;
  if (error.matches(error_classes->retry) || error.matches(PyExc_OSError)) {
    return StatusCode::kReconnect;
  }
  return StatusCode::kRetry;
}

// "Type: message", or the message alone.
std::string MessageOf(const py::error_already_set& error, bool with_type) {
  std::string message;
  if (with_type) message = FromPython(error.type().attr("__name__"));
  try {
    const std::string text = FromPython(py::str(error.value()));
    if (!text.empty()) message += (message.empty() ? "" : ": ") + text;
  } catch (const py::error_already_set&) {
    message += ": its message cannot be shown";  // __str__ raises as well
  }
  return message;
}

}  // namespace

Status StatusOfPythonError(py::error_already_set* error) {
  const StatusCode code = CodeOf(*error);
  std::string message = MessageOf(*error, code != StatusCode::kReject);
  if (code == StatusCode::kRetry) message += PlaceOf(*error);
  return Status(code, message);
}

Status StatusOfConnectorError(py::error_already_set* error) {
  if (!error->matches(error_classes->regear_error)) {
    const bool away = error->matches(PyExc_OSError);
    return Status(away ? StatusCode::kReconnect : StatusCode::kRetry,
                  MessageOf(*error, true) + (away ? "" : PlaceOf(*error)));
  }
  StatusCode code = StatusCode::kRetry;
  if (error->matches(error_classes->target_error)) code = StatusCode::kStop;
  if (error->matches(error_classes->target_unavailable)) {
    code = StatusCode::kReconnect;
  }
  if (error->matches(error_classes->lease_lost)) code = StatusCode::kFenced;
  const py::object value = error->value();
  return Status(code, FromPython(value.attr("message")),
                FromPython(value.attr("hint")));
}

}  // namespace regear
