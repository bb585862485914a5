// The classes of regear._engine.
#pragma once

#include <pybind11/pybind11.h>

namespace regear {

void BindEngine(pybind11::module_* module);

}  // namespace regear
