// Opens connections to PostgreSQL.
#pragma once

#include <memory>
#include <pqxx/connection>

#include "base/status.h"
#include "change/connector.h"

namespace regear::postgres {

// A connection that is never re-established behind our back: a transaction
// that silently went on over a new one would lose what came before.
//
// kReconnect if no server answers; kStop, with a hint, if one answers that it
// will never let us in as we are (password, database, role). `parameters` are
// libpq's; those that notice a dead server get defaults (see pg_connect.cc).
Result<std::unique_ptr<pqxx::connection>> OpenConnection(
    const ConnectionParameters& parameters);

}  // namespace regear::postgres
