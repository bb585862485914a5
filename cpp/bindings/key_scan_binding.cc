#include "bindings/key_scan_binding.h"

#include <optional>
#include <string_view>
#include <utility>

#include "bindings/errors.h"
#include "bindings/text.h"

namespace regear {

namespace py = pybind11;

namespace {

// As a key of a dict: bytes where others are a bytearray.
py::object Name(std::string_view bytes) {
  py::object name = ToPythonValue(bytes);
  if (!PyByteArray_Check(name.ptr())) return name;
  return py::bytes(bytes.data(), bytes.size());
}

py::object Value(std::string_view type, ReplyView value) {
  if (type == "hash") {
    py::dict fields;
    for (size_t i = 0; i + 1 < value.size(); i += 2) {
      fields[Name(value[i].text())] = ToPythonValue(value[i + 1].text());
    }
    return fields;
  }
  if (type == "list") {
    py::list elements(value.size());
    for (size_t i = 0; i < value.size(); ++i) {
      elements[i] = ToPythonValue(value[i].text());
    }
    return elements;
  }
  return ToPythonValue(value.text());
}

// What records call a type.
std::string_view TypeName(std::string_view type) {
  if (type == "stream") return "unknown";
  const bool known = type == "string" || type == "hash" || type == "list" ||
                     type == "set" || type == "zset";
  return known ? type : "module";
}

class RecordMaker {
 public:
  py::dict Make(const ScannedKey& key) const {
    py::dict record;
    record[key_] = ToPythonValue(key.name);
    record[value_] =
        key.value ? Value(key.type, key.value->view()) : py::object(py::none());
    record[type_] =
        key.type == "hash" ? hash_ : ToPythonValue(TypeName(key.type));
    record[event_] = py::none();
    return record;
  }

 private:
  const py::str key_{"key"}, value_{"value"}, type_{"type"}, event_{"event"};
  const py::object hash_ = py::str("hash");
};

}  // namespace

py::object PyKeyScan::NextPage() {
  auto page = [&] {
    const py::gil_scoped_release release;
    return scan_->Next();
  }();
  RaiseIfError(page.status());
  if (!page->has_value()) return py::none();
  const RecordMaker maker;
  py::list records((*page)->size());
  for (size_t i = 0; i < (*page)->size(); ++i) {
    records[i] = maker.Make((**page)[i]);
  }
  {  // freeing the replies takes time, too, and needs no GIL
    const py::gil_scoped_release release;
    page->reset();
  }
  return records;
}

void BindKeyScan(py::module_* module) {
  py::class_<PyKeyScan>(*module, "KeyScan",
                        "Records of all keys that match a pattern.")
      .def("next_page", &PyKeyScan::NextPage,
           "A list of records, or None when there are no more.");
}

}  // namespace regear
