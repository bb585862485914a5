// Failures between C++ and Python: the classes are those of regear.errors.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <string_view>

#include "base/status.h"

namespace regear {

// Looks the classes up. Called once, while the extension is imported.
void LoadErrorClasses();

// The regear.errors.GearsError of an error reply.
pybind11::object MakeGearsError(std::string_view text);

// Raise `status` unless it is ok. The GIL must be held.
//   kFenced → LeaseLost, kReconnect and kRetry → ConnectionFailed,
//   anything else → RegearError
void RaiseIfError(const Status& status);
// For what a target says: kStop, kReject and kInvalid → TargetError, anything
// else → TargetUnavailable
void RaiseIfTargetError(const Status& status);

// What a connector raises: TargetError → kStop, TargetUnavailable and errors of
// the operating system → kReconnect, LeaseLost → kFenced, anything else →
// kRetry. The GIL must be held; the exception is cleared.
Status StatusOfConnectorError(pybind11::error_already_set* error);

// A Python exception as a failure of the recipe's code, to be tried again:
// "Type: message". The GIL must be held; the exception is cleared.
Status StatusOfPythonError(pybind11::error_already_set* error);

// Runs `body` with the GIL; what it raises becomes a Status by `status_of`, one
// of the two above.
template <typename Body>
Status CallPython(Status (*status_of)(pybind11::error_already_set*),
                  Body body) {
  const pybind11::gil_scoped_acquire gil;
  try {
    return body();
  } catch (pybind11::error_already_set& error) {
    return status_of(&error);
  } catch (const std::exception& error) {  // a cast that failed, say
    return Status(StatusCode::kRetry, error.what());
  }
}

}  // namespace regear
