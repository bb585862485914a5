// Where programs on the same machine find the server.
#pragma once

#include <string>
#include <string_view>

#include "module/module_api.h"

namespace regear {

// A URL of the Unix socket, or of the port; empty if there is neither.
std::string LocalUrl(rm::Ctx* ctx, std::string_view user,
                     std::string_view password);

// Of the addresses in the setting `bind`, the one for connections from here.
std::string LocalAddress(std::string_view bind);

}  // namespace regear
