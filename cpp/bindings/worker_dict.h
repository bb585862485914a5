// The dict that describes a worker (keys: python/regear/_engine.pyi).
#pragma once

#include <pybind11/pybind11.h>

#include "engine/worker_spec.h"

namespace regear {

// Raises KeyError, TypeError or ValueError. The GIL must be held.
WorkerSpec ParseWorker(const pybind11::dict& worker);

}  // namespace regear
