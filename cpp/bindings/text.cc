#include "bindings/text.h"

namespace regear {

namespace py = pybind11;

py::str ToPython(std::string_view bytes) {
  PyObject* text = PyUnicode_DecodeUTF8(
      bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "surrogateescape");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

py::object ToPythonValue(std::string_view bytes) {
  const auto size = static_cast<Py_ssize_t>(bytes.size());
  PyObject* value = PyUnicode_DecodeUTF8(bytes.data(), size, nullptr);
  if (value == nullptr) {
    PyErr_Clear();
    value = PyByteArray_FromStringAndSize(bytes.data(), size);
  }
  if (value == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(value);
}

std::string FromPython(py::handle value) {
  if (PyBytes_Check(value.ptr())) return value.cast<std::string>();
  const py::str text = py::str(value);
  const py::object bytes = py::reinterpret_steal<py::object>(
      PyUnicode_AsEncodedString(text.ptr(), "utf-8", "surrogateescape"));
  if (!bytes) throw py::error_already_set();
  return bytes.cast<std::string>();
}

}  // namespace regear
