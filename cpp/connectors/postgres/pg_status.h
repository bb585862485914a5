// What PostgreSQL's errors mean to the engine.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace regear::postgres {

// What the caller can do about an error with this SQLSTATE.
StatusCode ClassifySqlState(std::string_view sqlstate);

// The server's message without its severity and without the lines that point
// into the statement, which is ours and not the operator's.
std::string CleanMessage(std::string_view message);

// The exception being handled as a Status. Call it in a catch block only.
Status StatusFromException();

}  // namespace regear::postgres
