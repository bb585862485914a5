// Python code that the engine's threads call.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "change/connector.h"
#include "change/fold.h"
#include "engine/worker_spec.h"

namespace regear {

// Holds a Python object for C++ code that knows nothing of the GIL: it is
// taken to let go of the object.
class PythonObject {
 public:
  explicit PythonObject(pybind11::object object) : object_(std::move(object)) {}
  ~PythonObject();
  PythonObject(const PythonObject&) = delete;
  PythonObject& operator=(const PythonObject&) = delete;

  const pybind11::object& get() const { return object_; }

 private:
  pybind11::object object_;
};

using PythonObjectPtr = std::shared_ptr<PythonObject>;

// Each takes the GIL once a call; an exception that the Python code raises
// becomes kRetry with "Type: message".

// `connect` returns a dict of connection parameters.
ConnectionProvider MakeConnectionProvider(PythonObjectPtr connect);

// `write` takes a list of records, one for each row:
//   {"id": "ms-seq", "value": {column: str or None…, primary_key: id,
//                              "#": "=" or "~"}}
BatchCallback MakeBatchCallback(PythonObjectPtr write, RowMapping mapping,
                                std::vector<std::string> primary_key);

// `transform` takes and returns {"key", "value", "type", "event"} for each
// change; value is a dict, None for a delete. A returned None drops the
// change.
Transform MakeTransform(PythonObjectPtr transform);

}  // namespace regear
