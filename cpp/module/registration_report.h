// How a registration is shown to clients.
#pragma once

#include <nlohmann/json.hpp>

#include "module/module_api.h"
#include "module/registration.h"

namespace regear {

// `status` is what the host reported last, null if nothing. Replies with the
// two 12-element arrays of RG.DUMPREGISTRATIONS, whose callers index by
// position: the KeysReader and the StreamReader of the pair.
void ReplyWithRegistrationPair(rm::Ctx* ctx, const Registration& registration,
                               const nlohmann::json& status);

// The registration with its ids, counters and status, as RG.STATUS shows it.
nlohmann::json DescribeRegistration(const Registration& registration,
                                    const nlohmann::json& status);

}  // namespace regear
