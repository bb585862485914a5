#include "bindings/python_connector.h"

#include <exception>
#include <memory>
#include <span>
#include <utility>

#include "bindings/errors.h"
#include "bindings/text.h"

namespace regear {

namespace py = pybind11;

namespace {

py::bytes ToBytes(std::string_view bytes) {
  return py::bytes(bytes.data(), bytes.size());
}

RefusedRow Mismatched(const FoldedBatch& batch, size_t row) {
  return {row, batch.MismatchReason(row)};
}

using Cells = std::span<const Cell>;

// A document's JSON text; null: the change holds none.
py::object DocumentOf(Cells cells) {
  const Cell& cell = cells.front();
  if (cell.state != CellState::kValue) return {};
  return ToPython(cell.value);
}

// {column: text, or None where it is removed}, without those not known.
py::object HashOf(Cells cells, const std::vector<py::str>& names) {
  py::dict known;
  for (size_t column = 0; column < cells.size(); ++column) {
    const Cell& cell = cells[column];
    if (cell.state == CellState::kAbsent) continue;
    const bool removed = cell.state == CellState::kDefault;
    known[names[column]] =
        removed ? py::object(py::none()) : ToPython(cell.value);
  }
  return known;
}

// (id, what `value_of` makes of its cells, or None for a delete) for each row
// of the batch. Rows of which it makes nothing are refused.
template <typename ValueOf>
py::list RowsOf(const FoldedBatch& batch, ValueOf value_of,
                std::vector<RefusedRow>* refused) {
  py::list rows(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) {
    const Row& row = batch.row(i);
    py::object value = py::none();
    if (row.operation != Operation::kDelete) {
      value = value_of(batch.cells(i));
      if (!value) refused->push_back({i, "the change holds no document"});
    }
    if (!row.fits_template) refused->push_back(Mismatched(batch, i));
    rows[i] = py::make_tuple(ToPython(row.id), value ? value : py::none());
  }
  return rows;
}

py::list RowsOf(const FoldedBatch& batch,
                const std::vector<std::string>& columns,
                std::vector<RefusedRow>* refused) {
  if (columns.empty()) return RowsOf(batch, DocumentOf, refused);
  std::vector<py::str> names;
  names.reserve(columns.size());
  for (const std::string& column : columns) names.push_back(ToPython(column));
  return RowsOf(
      batch, [&](Cells cells) { return HashOf(cells, names); }, refused);
}

StatusCode KindOf(const std::string& name) {
  return name == "conflict" ? StatusCode::kConflict : StatusCode::kReject;
}

// From [(row, reason, "reject" or "conflict"), …].
std::vector<RefusedRow> RefusedFrom(const py::object& result, size_t rows) {
  std::vector<RefusedRow> refused;
  for (const py::handle item : result) {
    const auto told = py::reinterpret_borrow<py::object>(item);
    const auto row = py::object(told[py::int_(0)]).cast<size_t>();
    if (row >= rows) throw py::index_error("a row that was not given");
    refused.push_back({row, FromPython(py::object(told[py::int_(1)])),
                       KindOf(FromPython(py::object(told[py::int_(2)])))});
  }
  return refused;
}

WriteReport Refuse(std::vector<RefusedRow> refused, size_t of) {
  std::string message = std::to_string(refused.size()) + " of " +
                        std::to_string(of) +
                        " rows refused, the first: " + refused.front().reason;
  return {Status(StatusCode::kReject, std::move(message)), std::move(refused)};
}

}  // namespace

PythonConnector::PythonConnector(PythonObjectPtr make, std::string stream,
                                 std::string checkpoint_id,
                                 std::vector<std::string> columns)
    : make_(std::move(make)),
      stream_(std::move(stream)),
      checkpoint_id_(std::move(checkpoint_id)),
      columns_(std::move(columns)) {}

PythonConnector::~PythonConnector() { Close(); }

void PythonConnector::Close() {
  if (!connector_ || !Py_IsInitialized()) return;
  const py::gil_scoped_acquire gil;
  try {
    connector_->get().attr("close")();
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("closing a connector of regear");
  }
}

Status PythonConnector::Open() {
  warnings_.clear();
  return CallPython(StatusOfConnectorError, [&] {
    if (!connector_) {
      connector_ = std::make_shared<PythonObject>(make_->get()());
    }
    const py::object found = connector_->get().attr("open")(
        ToPython(stream_), ToPython(checkpoint_id_));
    for (const py::handle item : found) {
      const auto warning = py::reinterpret_borrow<py::object>(item);
      warnings_.push_back({false, FromPython(py::object(warning[py::int_(0)])),
                           FromPython(py::object(warning[py::int_(1)]))});
    }
    return Status::Ok();
  });
}

Result<std::vector<Finding>> PythonConnector::Preflight() {
  auto found = Connector::Preflight();
  Close();
  return found;
}

WriteReport PythonConnector::Write(const FoldedBatch& batch,
                                   const Checkpoint& checkpoint) {
  if (!connector_) return {Status(StatusCode::kReconnect, "not open"), {}};
  WriteReport report;
  report.status = CallPython(StatusOfConnectorError, [&] {
    std::vector<RefusedRow> refused;
    const py::list rows = RowsOf(batch, columns_, &refused);
    if (refused.empty()) {
      const py::object result = connector_->get().attr("write")(
          rows, batch.in_order(),
          py::make_tuple(ToPython(checkpoint.Encode()),
                         ToBytes(checkpoint.journal)));
      refused = RefusedFrom(result, batch.size());
    }
    if (!refused.empty()) report = Refuse(std::move(refused), batch.size());
    return report.status;
  });
  if (!report.status.refused()) report.refused.clear();
  return report;
}

Result<std::optional<Checkpoint>> PythonConnector::LoadCheckpoint() {
  if (!connector_) return Status(StatusCode::kReconnect, "not open");
  std::optional<Checkpoint> stored;
  const Status status = CallPython(StatusOfConnectorError, [&] {
    const py::object found = connector_->get().attr("load_checkpoint")();
    if (found.is_none()) return Status::Ok();
    auto decoded =
        Checkpoint::Decode(FromPython(py::object(found[py::int_(0)])));
    if (!decoded.ok()) return decoded.status();
    stored = *std::move(decoded);
    stored->journal = FromPython(py::object(found[py::int_(1)]));
    return Status::Ok();
  });
  if (!status.ok()) return status;
  return stored;
}

}  // namespace regear
