// How the backlog is shown to clients.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "module/module_api.h"
#include "module/module_state.h"

namespace regear {

// Adds to `description` how much the streams of a registration hold, what was
// lost and what endangers them. Reads the keys themselves: right on replicas.
void DescribeBacklog(rm::Ctx* ctx, const ModuleState& state,
                     nlohmann::json* description);

// The backlogs that have no registration.
nlohmann::json DescribeOrphans(rm::Ctx* ctx, const Registry& registry);

// What endangers the changes of all registrations.
std::vector<std::string> Warnings(rm::Ctx* ctx, const ModuleState& state);

}  // namespace regear
