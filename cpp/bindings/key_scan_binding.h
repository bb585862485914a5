// Records of keys, for functions.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "engine/key_scan.h"

namespace regear {

// Pages of records {"key", "value", "type", "event"}, as KeysReader gives them.
class PyKeyScan {
 public:
  explicit PyKeyScan(std::unique_ptr<KeyScan> scan) : scan_(std::move(scan)) {}

  // A list, or None when there are no more.
  pybind11::object NextPage();

 private:
  std::unique_ptr<KeyScan> scan_;
};

void BindKeyScan(pybind11::module_* module);

}  // namespace regear
