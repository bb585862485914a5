#include "connectors/postgres/pg_rows.h"

#include <utility>

namespace regear::postgres {

namespace {

std::vector<Cell> ColumnOf(const FoldedBatch& batch,
                           std::span<const size_t> rows, size_t column) {
  std::vector<Cell> cells;
  cells.reserve(rows.size());
  for (size_t row : rows) cells.push_back(batch.cells(row)[column]);
  return cells;
}

std::vector<Cell> KeysOf(const FoldedBatch& batch, std::span<const size_t> rows,
                         size_t key) {
  std::vector<Cell> cells;
  cells.reserve(rows.size());
  for (size_t row : rows) {
    cells.push_back({CellState::kValue, batch.key_parts(row)[key]});
  }
  return cells;
}

}  // namespace

TableWires WiresFor(const sql::TargetTable& table) {
  TableWires wires;
  for (const sql::ColumnSchema& key : table.keys) {
    wires.keys.push_back(WireFor(key.base_type));
  }
  for (const sql::ColumnSchema& column : table.columns) {
    wires.columns.push_back(WireFor(column.base_type));
  }
  return wires;
}

SentRows EncodeRows(const TableWires& wires, const FoldedBatch& batch,
                    std::span<const size_t> rows,
                    std::span<const size_t> columns) {
  SentRows sent;
  for (size_t key = 0; key < wires.keys.size(); ++key) {
    EncodedColumn values =
        EncodeColumn(wires.keys[key], KeysOf(batch, rows, key));
    sent.keys.push_back(values.wire);
    sent.parameters.push_back(std::move(values.array));
  }
  for (size_t column : columns) {
    EncodedColumn values =
        EncodeColumn(wires.columns[column], ColumnOf(batch, rows, column));
    sent.columns.push_back({column, values.wire});
    sent.parameters.push_back(std::move(values.array));
  }
  return sent;
}

SentRows EncodeRow(const TableWires& wires, const FoldedBatch& batch,
                   size_t row, std::span<const size_t> columns) {
  SentRows sent;
  const auto add = [&](Wire preferred, std::string_view text) {
    EncodedValue encoded = EncodeValue(preferred, text);
    sent.parameters.push_back(std::move(encoded.value));
    return encoded.wire;
  };
  const auto parts = batch.key_parts(row);
  for (size_t key = 0; key < wires.keys.size(); ++key) {
    sent.keys.push_back(add(wires.keys[key], parts[key]));
  }
  const auto cells = batch.cells(row);
  for (size_t column : columns) {
    sent.columns.push_back(
        {column, add(wires.columns[column], cells[column].value)});
  }
  return sent;
}

SentRows EncodeMasked(const TableWires& wires, const FoldedBatch& batch,
                      std::span<const size_t> rows) {
  SentRows sent = EncodeRows(wires, batch, rows, {});
  for (size_t column = 0; column < batch.columns(); ++column) {
    const std::vector<Cell> cells = ColumnOf(batch, rows, column);
    EncodedColumn values = EncodeColumn(wires.columns[column], cells);
    sent.columns.push_back({column, values.wire});
    sent.parameters.push_back(EncodeStates(cells));
    sent.parameters.push_back(std::move(values.array));
  }
  return sent;
}

pqxx::binarystring EncodeTexts(std::span<const std::string_view> texts) {
  std::vector<Cell> cells;
  for (std::string_view text : texts) {
    cells.push_back({CellState::kValue, text});
  }
  return EncodeColumn(Wire::kText, cells).array;
}

}  // namespace regear::postgres
