// Redis commands of recipes and functions.
#pragma once

#include <pybind11/pybind11.h>

namespace regear {

// Defines the class CommandClient.
void BindCommandClient(pybind11::module_* module);

}  // namespace regear
