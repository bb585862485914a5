// How a registration is shown to clients.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "module/module_api.h"
#include "module/registration.h"

namespace regear {

// `status` is what the host reported last, null if nothing. Replies with the
// two 12-element arrays of RG.DUMPREGISTRATIONS, whose callers index by
// position: the KeysReader and the StreamReader of the pair.
void ReplyWithRegistrationPair(rm::Ctx* ctx, const Registration& registration,
                               const nlohmann::json& status);

// What scripts know about the session of registrations, `ids`, and what it
// requires by the `definition` of one: a literal that Python can evaluate.
std::string PrivateData(const std::string& session,
                        const std::vector<std::string>& ids,
                        const nlohmann::json& definition);

// The registration with its ids, counters and status, as RG.STATUS shows it.
nlohmann::json DescribeRegistration(const Registration& registration,
                                    const nlohmann::json& status);

}  // namespace regear
