// What SQLite's result codes mean to the engine.
#pragma once

#include <sqlite3.h>

#include "base/status.h"

namespace regear::sqlite {

// What the caller can do about an extended result code.
StatusCode Classify(int extended_code);

// The last failure on `database` as a Status.
Status StatusFromDatabase(sqlite3* database);

}  // namespace regear::sqlite
