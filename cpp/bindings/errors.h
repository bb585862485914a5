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

// A Python exception as a failure of the recipe's code, to be tried again:
// "Type: message". The GIL must be held; the exception is cleared.
Status StatusOfPythonError(pybind11::error_already_set* error);

}  // namespace regear
