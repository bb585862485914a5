// Which connector writes which kind of target.
#pragma once

#include <memory>

#include "base/status.h"
#include "change/connector.h"
#include "engine/worker_spec.h"

namespace regear {

// A connector that is not open yet. kInvalid if this build has none for the
// target.
Result<std::unique_ptr<Connector>> MakeConnector(const WorkerSpec& spec);

}  // namespace regear
