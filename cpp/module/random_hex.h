// Ids and secrets that nobody can guess.
#pragma once

#include <cstddef>
#include <string>

namespace regear {

// Random `bytes` of the kernel, at most 256, two digits each. Throws
// std::runtime_error if it has none.
std::string RandomHex(size_t bytes);

}  // namespace regear
