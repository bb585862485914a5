// A PostgreSQL server that lives as long as the test binary.
#pragma once

#include <string>

namespace regear::testing {

// The folder of the server's unix socket. Starts the server when first asked;
// empty, with the reason, where that is impossible. The server and its files
// are gone when the process ends, however it ends.
std::string PostgresSocketFolder(std::string* reason);

// A role that the server asks for a password.
inline constexpr char kPasswordRole[] = "with_password";

}  // namespace regear::testing
