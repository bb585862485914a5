#include "bindings/worker_dict.h"

#include <pybind11/stl.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python_callbacks.h"
#include "bindings/python_connector.h"
#include "bindings/text.h"
#include "change/document.h"

namespace regear {

namespace py = pybind11;

namespace {

py::object Required(const py::dict& worker, const char* key) {
  if (!worker.contains(key)) throw py::key_error(key);
  return worker[key];
}

// None counts as absent.
bool Has(const py::dict& worker, const char* key) {
  return worker.contains(key) && !py::object(worker[key]).is_none();
}

std::string Text(const py::dict& worker, const char* key) {
  return FromPython(Required(worker, key));
}

size_t Count(const py::dict& worker, const char* key, size_t absent) {
  if (!Has(worker, key)) return absent;
  const auto count = worker[key].cast<long long>();
  if (count < 1) throw py::value_error(std::string(key) + " is less than 1");
  return static_cast<size_t>(count);
}

PythonObjectPtr Callable(const py::dict& worker, const char* key) {
  py::object callable = Required(worker, key);
  if (!PyCallable_Check(callable.ptr())) {
    throw py::type_error(std::string(key) + " cannot be called");
  }
  return std::make_shared<PythonObject>(std::move(callable));
}

TargetKind ParseTarget(const std::string& text) {
  if (text == "sqlite") return TargetKind::kSqlite;
  if (text == "postgres") return TargetKind::kPostgres;
  if (text == "mysql") return TargetKind::kMysql;
  if (text == "callback") return TargetKind::kCallback;
  if (text == "python") return TargetKind::kPython;
  throw py::value_error("unknown target: " + text);
}

std::vector<RowMapping::Column> ParseColumns(const py::handle pairs) {
  std::vector<RowMapping::Column> columns;
  for (const py::handle pair : pairs) {
    const auto column = pair.cast<py::sequence>();
    columns.push_back(
        {FromPython(py::object(column[0])), FromPython(py::object(column[1]))});
  }
  return columns;
}

RowMapping ParseMapping(const py::dict& worker) {
  RowMapping mapping;
  if (Has(worker, "key_template")) {
    auto parsed = KeyTemplate::Parse(Text(worker, "key_template"));
    if (!parsed.ok()) throw py::value_error(parsed.status().message());
    mapping.key_template = *std::move(parsed);
    mapping.key_prefix = mapping.key_template.prefix();
  } else {
    mapping.key_prefix = Text(worker, "prefix");
  }
  mapping.columns = ParseColumns(Required(worker, "columns"));
  return mapping;
}

std::vector<std::string> KeyColumns(const py::dict& worker,
                                    const RowMapping& mapping) {
  if (Has(worker, "key_template")) return mapping.key_template.columns();
  return {Text(worker, "primary_key")};
}

// field_history: [[last stream id, [field…] or None], …], oldest first.
std::vector<RowMapping::Earlier> ParseHistory(const py::dict& worker) {
  std::vector<RowMapping::Earlier> history;
  if (!Has(worker, "field_history")) return history;
  for (const py::handle item : Required(worker, "field_history")) {
    const auto element = item.cast<py::sequence>();
    RowMapping::Earlier earlier;
    const std::string until = FromPython(py::object(element[0]));
    const auto position = Position::Parse(until);
    if (!position) throw py::value_error("not a stream id: " + until);
    earlier.until = *position;
    const py::object fields = element[1];
    earlier.all = fields.is_none();
    if (!earlier.all) {
      for (const py::handle field : fields) {
        earlier.fields.push_back(
            FromPython(py::reinterpret_borrow<py::object>(field)));
      }
    }
    history.push_back(std::move(earlier));
  }
  return history;
}

CommitAfter ParseCommitAfter(const py::dict& worker) {
  if (!Has(worker, "commit_after")) return CommitAfter::kReceived;
  const std::string text = Text(worker, "commit_after");
  if (text == "received") return CommitAfter::kReceived;
  if (text == "fsync") return CommitAfter::kFsync;
  if (text == "replica") return CommitAfter::kReplica;
  throw py::value_error("unknown commit_after: " + text);
}

std::string TextOr(const py::dict& worker, const char* key) {
  return Has(worker, key) ? Text(worker, key) : std::string();
}

DrainOptions ParseDrain(const py::dict& worker) {
  DrainOptions drain;
  drain.batch = Count(worker, "batch", drain.batch);
  if (Has(worker, "duration")) {
    drain.duration =
        std::chrono::milliseconds(worker["duration"].cast<long long>());
  }
  if (Has(worker, "retry_interval")) {
    drain.retry_interval = std::chrono::milliseconds(
        std::llround(worker["retry_interval"].cast<double>() * 1000));
  }
  drain.max_batch = Count(worker, "max_batch", drain.max_batch);
  drain.max_batch = std::max(drain.max_batch, drain.batch);
  drain.max_batch_bytes =
      Count(worker, "max_batch_bytes", drain.max_batch_bytes);
  return drain;
}

std::vector<std::string> Texts(const py::handle list) {
  std::vector<std::string> texts;
  for (const py::handle item : list) {
    texts.push_back(FromPython(py::reinterpret_borrow<py::object>(item)));
  }
  return texts;
}

DocumentPaths ParsePaths(const std::vector<std::string>& texts) {
  auto paths = DocumentPaths::Make(texts);
  if (!paths.ok()) throw py::value_error(paths.status().message());
  return *std::move(paths);
}

// documents: the field that holds a whole document, whose paths the columns
// then are. children: [{path, table, parent, columns, position}, …].
void ParseDocuments(const py::dict& worker, WorkerSpec* spec) {
  if (!Has(worker, "documents")) return;
  RowMapping& mapping = spec->mapping;
  std::vector<std::string> paths;
  for (const RowMapping::Column& column : mapping.columns) {
    paths.push_back(column.field);
  }
  if (Has(worker, "children")) {
    for (const py::handle item : Required(worker, "children")) {
      const auto dict = item.cast<py::dict>();
      ChildTarget child;
      child.table = Text(dict, "table");
      child.parent = Texts(Required(dict, "parent"));
      child.columns = ParseColumns(Required(dict, "columns"));
      child.position = TextOr(dict, "position");
      std::vector<std::string> of_element;
      for (const auto& column : child.columns) {
        of_element.push_back(column.field);
      }
      ParsePaths(of_element);  // raises where they are wrong
      mapping.arrays.push_back(Text(dict, "path"));
      paths.push_back(mapping.arrays.back());
      spec->table.children.push_back(std::move(child));
    }
  }
  mapping.documents = std::make_shared<const DocumentMapping>(
      DocumentMapping{Text(worker, "documents"), ParsePaths(paths)});
}

void ParseCallback(const py::dict& worker, WorkerSpec* spec) {
  spec->write = MakeBatchCallback(Callable(worker, "write"), spec->mapping,
                                  KeyColumns(worker, spec->mapping));
}

void ParsePython(const py::dict& worker, WorkerSpec* spec) {
  if (!spec->mapping.key_template.plain()) {
    throw py::value_error("this target's rows have one id: no template");
  }
  const bool documents = !Required(worker, "hashes").cast<bool>();
  if (documents && spec->mapping.columns.size() != 1) {
    throw py::value_error("a document is one column");
  }
  spec->make_python =
      [make = Callable(worker, "connector"), stream = spec->stream, documents](
          const TableTarget& table, std::vector<std::string> columns) {
        if (documents) columns.clear();
        return std::make_unique<PythonConnector>(
            make, stream, table.checkpoint_id, std::move(columns));
      };
}

void ParseDatabase(const py::dict& worker, WorkerSpec* spec) {
  spec->table.table = Text(worker, "table");
  spec->table.primary_key = KeyColumns(worker, spec->mapping);
  spec->table.key_template = spec->mapping.key_template;
  if (Has(worker, "checkpoint_table")) {
    spec->table.checkpoint_table = Text(worker, "checkpoint_table");
  }
  spec->table.checkpoint_id = spec->stream;
  spec->table.journal = spec->through;
  ParseDocuments(worker, spec);
  spec->connect = MakeConnectionProvider(Callable(worker, "connect"));
}

}  // namespace

WorkerSpec ParseWorker(const py::dict& worker) {
  WorkerSpec spec;
  spec.name = Text(worker, "name");
  spec.stream = Text(worker, "stream");
  spec.dead = TextOr(worker, "dead");
  spec.parked = TextOr(worker, "parked");
  spec.lost_tail = TextOr(worker, "reconcile");
  if (Has(worker, "db")) spec.db = worker["db"].cast<int>();
  if (Has(worker, "through")) spec.through = worker["through"].cast<bool>();
  spec.lanes = Count(worker, "lanes", 0);
  spec.commit_after = ParseCommitAfter(worker);
  spec.mapping = ParseMapping(worker);
  spec.mapping.history = ParseHistory(worker);
  spec.target = ParseTarget(Text(worker, "target"));
  const bool is_callback = spec.target == TargetKind::kCallback;
  if (is_callback) {
    ParseCallback(worker, &spec);
  } else {
    ParseDatabase(worker, &spec);
  }
  if (spec.target == TargetKind::kPython) ParsePython(worker, &spec);
  if (Has(worker, "transform")) {
    spec.transform = MakeTransform(Callable(worker, "transform"));
  }
  const bool fold =
      Has(worker, "fold") ? worker["fold"].cast<bool>() : !is_callback;
  spec.fold = fold ? FoldMode::kLastState : FoldMode::kEveryChange;
  spec.drain = ParseDrain(worker);
  return spec;
}

}  // namespace regear
