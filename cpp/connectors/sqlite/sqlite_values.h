// How the bytes of a field become a value of a SQLite column.
//
// SQLite takes any value in any column, so the connector looks at the declared
// type instead: what is not a number is refused for INTEGER, REAL, NUMERIC and
// DECIMAL columns, where it would silently be stored as text. BOOLEAN columns
// take the words for true and false as 1 and 0, and nothing else. Other
// declared types (DATE, JSON …) take any text, which SQLite converts by the
// column's affinity. Text is stored byte for byte: NUL bytes are kept and
// UTF-8 is not checked, as Redis does not either. BLOB columns take the bytes
// as a blob.
#pragma once

#include <sqlite3.h>

#include <string>
#include <string_view>

#include "base/status.h"

namespace regear::sqlite {

enum class ValueKind { kText, kBlob, kInteger, kReal, kNumber, kBoolean };

// The kind of a column by its declared type, following SQLite's own rules of
// affinity; a column without a type takes text.
ValueKind KindOfType(std::string_view declared_type);

// Binds `value`, which lives until the statement is reset. kReject if the
// column does not take it.
Status BindValue(sqlite3_stmt* statement, int parameter, ValueKind kind,
                 std::string_view value);

}  // namespace regear::sqlite
