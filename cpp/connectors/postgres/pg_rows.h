// Rows of a batch as the parameters of a statement (pg_statements.h).
#pragma once

#include <pqxx/binarystring>
#include <span>
#include <string_view>
#include <vector>

#include "change/fold.h"
#include "connectors/postgres/pg_array.h"
#include "connectors/postgres/pg_statements.h"
#include "connectors/sql/target_table.h"

namespace regear::postgres {

using Parameters = std::vector<pqxx::binarystring>;

// As what the columns of a table travel if all their values allow it.
struct TableWires {
  std::vector<Wire> keys;
  std::vector<Wire> columns;
};

TableWires WiresFor(const sql::TargetTable& table);

struct SentRows {
  std::vector<Wire> keys;
  std::vector<SentColumn> columns;
  Parameters parameters;  // the key columns come first
};

// The keys and the values of `columns`.
SentRows EncodeRows(const TableWires& wires, const FoldedBatch& batch,
                    std::span<const size_t> rows,
                    std::span<const size_t> columns);

// The same for one row, without arrays.
SentRows EncodeRow(const TableWires& wires, const FoldedBatch& batch,
                   size_t row, std::span<const size_t> columns);

// The keys and, for every mapped column, states and values.
SentRows EncodeMasked(const TableWires& wires, const FoldedBatch& batch,
                      std::span<const size_t> rows);

pqxx::binarystring EncodeTexts(std::span<const std::string_view> texts);

}  // namespace regear::postgres
