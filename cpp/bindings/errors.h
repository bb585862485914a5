// Failures between C++ and Python: the classes are those of regear.errors.
#pragma once

#include <pybind11/pybind11.h>

#include "base/status.h"

namespace regear {

// Looks the classes up. Called once, while the extension is imported.
void LoadErrorClasses();

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

}  // namespace regear
