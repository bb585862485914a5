// The extension module regear._engine.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "bindings/command_client_binding.h"
#include "bindings/engine_binding.h"
#include "bindings/errors.h"
#include "bindings/python_callbacks.h"
#include "bindings/target_binding.h"
#include "bindings/text.h"

namespace regear {

namespace py = pybind11;

namespace {

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

void CallSink(const PythonObject& sink, LogLevel level,
              std::string_view message) {
  if (!Py_IsInitialized()) return;
  const py::gil_scoped_acquire gil;
  try {
    sink.get()(LevelName(level), ToPython(message));
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("the log sink of regear");
  }
}

void SetPythonLogSink(const py::object& sink) {
  LogSink native;
  if (!sink.is_none()) {
    native = [held = std::make_shared<PythonObject>(sink)](
                 LogLevel level, std::string_view message) {
      CallSink(*held, level, message);
    };
  }
  // A thread that holds the log's lock may be waiting for the GIL.
  const py::gil_scoped_release release;
  SetLogSink(std::move(native));
}

}  // namespace

}  // namespace regear

PYBIND11_MODULE(_engine, module) {
  module.doc() = "The C++ engine: host link and drain workers.";
  module.attr("__version__") = REGEAR_VERSION;
#ifdef REGEAR_FAIL_POINTS
  module.attr("fail_points") = true;
#else
  module.attr("fail_points") = false;
#endif
  regear::LoadErrorClasses();
  regear::BindCommandClient(&module);
  regear::BindEngine(&module);
  regear::BindTarget(&module);
  module.def("set_log_sink", &regear::SetPythonLogSink, pybind11::arg("sink"),
             "Send the engine's log lines (level, text) to ``sink``, None: "
             "stderr.");
  // The engine's sink must not outlive the interpreter.
  pybind11::module_::import("atexit").attr("register")(pybind11::cpp_function(
      [] { regear::SetPythonLogSink(pybind11::none()); }));
}
