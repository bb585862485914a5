// Looking at targets from Python.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "change/connector.h"

namespace regear {

// A list of dicts {"blocks", "message", "hint"}. The GIL must be held.
pybind11::list FindingsToPython(const std::vector<Finding>& findings);

// Defines the function inspect_target.
void BindTarget(pybind11::module_* module);

}  // namespace regear
