// Opens connections to MariaDB and MySQL.
#pragma once

#include "base/status.h"
#include "change/connector.h"
#include "connectors/mysql/mysql_handle.h"

namespace regear::mysql {

// A connection that is never re-established behind our back, counts the rows
// that a statement finds rather than those it changes, speaks utf8mb4 and
// gives up on a server that hangs.
//
// kReconnect if no server answers; kStop, with a hint, if one answers that it
// will never let us in as we are (password, database, host).
Result<ConnectionHandle> OpenConnection(const ConnectionParameters& parameters);

}  // namespace regear::mysql
