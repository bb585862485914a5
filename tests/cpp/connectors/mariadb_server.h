// A MariaDB server that lives as long as the test binary.
#pragma once

#include <string>

namespace regear::testing {

// The server's unix socket, to which root connects without a password. Starts
// the server when first asked; empty, with the reason, where that is
// impossible. The server and its files are gone when the process ends, however
// it ends.
std::string MariadbSocket(std::string* reason);

}  // namespace regear::testing
