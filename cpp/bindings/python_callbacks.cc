#include "bindings/python_callbacks.h"

#include <utility>
#include <vector>

#include "bindings/errors.h"
#include "bindings/text.h"

namespace regear {

namespace py = pybind11;

namespace {

// The names that each record of a batch repeats, made once.
struct RecordNames {
  py::str id{"id"}, value{"value"}, operation{"#"};
  py::str merge{"="}, erase{"~"};
  std::vector<py::str> keys;
  std::vector<py::str> columns;

  RecordNames(const RowMapping& mapping,
              const std::vector<std::string>& primary_key) {
    for (const std::string& key : primary_key) keys.push_back(ToPython(key));
    for (const RowMapping::Column& column : mapping.columns) {
      columns.push_back(ToPython(column.name));
    }
  }
};

py::dict MakeRecord(const FoldedBatch& batch, size_t i,
                    const RecordNames& names) {
  const Row& row = batch.row(i);
  py::dict value;
  if (row.operation != Operation::kDelete) {
    const auto cells = batch.cells(i);
    for (size_t column = 0; column < cells.size(); ++column) {
      const Cell& cell = cells[column];
      if (cell.state == CellState::kValue) {
        value[names.columns[column]] = ToPython(cell.value);
      } else if (cell.state == CellState::kDefault) {
        value[names.columns[column]] = py::none();
      }
    }
  }
  const auto parts = batch.key_parts(i);
  for (size_t key = 0; key < names.keys.size(); ++key) {
    value[names.keys[key]] = ToPython(parts[key]);
  }
  value[names.operation] =
      row.operation == Operation::kDelete ? names.erase : names.merge;
  py::dict record;
  record[names.id] = ToPython(row.last.ToString());
  record[names.value] = std::move(value);
  return record;
}

// The records that regear.Reject names, each by itself or by its index.
std::vector<RefusedRow> RejectedRows(const py::error_already_set& error,
                                     const py::list& records,
                                     const std::string& reason) {
  std::vector<RefusedRow> refused;
  const py::list rows = error.value().attr("rows");
  for (const py::handle named : rows) {
    const auto row = py::reinterpret_borrow<py::object>(named);
    const bool is_index = py::isinstance<py::int_>(row);
    for (size_t i = 0; i < records.size(); ++i) {
      const py::object record = records[i];
      if (is_index ? row.cast<long long>() == static_cast<long long>(i)
                   : record.is(row) || record.equal(row)) {
        refused.push_back({i, reason, StatusCode::kReject});
        break;
      }
    }
  }
  return refused;
}

py::dict MakeTransformInput(const ChangeBatch& batch, const Change& change) {
  py::dict record;
  record["key"] = ToPython(change.key);
  record["type"] = "hash";
  record["event"] = ToPython(change.event);
  if (change.operation == Operation::kDelete) {
    record["value"] = py::none();
    return record;
  }
  py::dict value;
  for (const FieldValue& pair : batch.Fields(change)) {
    value[ToPython(pair.field)] = ToPython(pair.value);
  }
  record["value"] = std::move(value);
  return record;
}

// Adds what `transform` made of `change`. Cleared fields pass by their names
// in the hash; one that the result sets is set.
void AddTransformed(const ChangeBatch& from, Change change,
                    const py::object& result, ChangeBatch* to) {
  if (result.is_none()) return;
  const py::dict record = result.cast<py::dict>();
  const py::object value = record["value"];
  change.key = to->Own(FromPython(record["key"]));
  change.event = to->Own(std::string(change.event));
  change.ack = to->Own(std::string(change.ack));
  if (value.is_none()) {
    change.operation = Operation::kDelete;
  } else {
    for (const auto& [field, content] : value.cast<py::dict>()) {
      const std::string_view name = to->Own(FromPython(field));
      if (content.is_none()) {
        to->AddCleared(name);
      } else {
        to->AddField(name, to->Own(FromPython(content)));
      }
    }
    for (std::string_view field : from.Cleared(change)) {
      to->AddCleared(to->Own(std::string(field)));
    }
    // A delete that the transform gives a value is all there is of the row.
    if (change.operation == Operation::kDelete) {
      change.operation = Operation::kReplace;
    }
  }
  to->Add(change);
}

}  // namespace

PythonObject::~PythonObject() {
  // At exit the interpreter may be gone, and the object with it.
  if (!Py_IsInitialized()) {
    static_cast<void>(object_.release());
    return;
  }
  const py::gil_scoped_acquire gil;
  object_ = py::object();
}

ConnectionProvider MakeConnectionProvider(PythonObjectPtr connect) {
  return [connect = std::move(connect)]() -> Result<ConnectionParameters> {
    ConnectionParameters parameters;
    const Status status = CallPython(StatusOfPythonError, [&] {
      const py::dict given = connect->get()().cast<py::dict>();
      for (const auto& [name, value] : given) {
        parameters[FromPython(name)] = FromPython(value);
      }
      return Status::Ok();
    });
    if (!status.ok()) return status;
    return parameters;
  };
}

BatchCallback MakeBatchCallback(PythonObjectPtr write, RowMapping mapping,
                                std::vector<std::string> primary_key) {
  return [write = std::move(write), mapping = std::move(mapping),
          primary_key = std::move(primary_key)](const FoldedBatch& batch) {
    WriteReport report;
    report.status = CallPython(StatusOfPythonError, [&] {
      const RecordNames names(mapping, primary_key);
      py::list records(batch.size());
      for (size_t i = 0; i < batch.size(); ++i) {
        records[i] = MakeRecord(batch, i, names);
      }
      try {
        write->get()(records);
      } catch (py::error_already_set& error) {
        Status status = StatusOfPythonError(&error);
        if (status.refused()) {
          report.refused = RejectedRows(error, records, status.message());
        }
        return status;
      }
      return Status::Ok();
    });
    return report;
  };
}

Transform MakeTransform(PythonObjectPtr transform) {
  return
      [transform = std::move(transform)](ChangeBatch* batch, size_t* culprit) {
        *culprit = 0;
        return CallPython(StatusOfPythonError, [&] {
          ChangeBatch transformed;
          for (const Change& change : batch->changes()) {
            const py::object result =
                transform->get()(MakeTransformInput(*batch, change));
            AddTransformed(*batch, change, result, &transformed);
            ++*culprit;
          }
          *batch = std::move(transformed);
          return Status::Ok();
        });
      };
}

}  // namespace regear
