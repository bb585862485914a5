// What a registration hands over to the next one of its name.
#pragma once

#include <nlohmann/json.hpp>

#include "module/module_api.h"
#include "module/stream_id.h"

namespace regear {

// Gives `definition` the streams of `old`, the registration or the orphan that
// it follows, and what else belongs to the name. `last` is the id that the
// change stream generated last: up to it, changes have the old fields.
void Inherit(nlohmann::json* definition, const nlohmann::json& old,
             StreamId last);

// What stays of a registration whose backlog is not empty.
nlohmann::json MakeOrphan(const nlohmann::json& definition);

// Whether any key of `definition` holds something.
bool HasBacklog(rm::Ctx* ctx, const nlohmann::json& definition);

}  // namespace regear
