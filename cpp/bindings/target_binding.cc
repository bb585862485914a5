#include "bindings/target_binding.h"

#include "bindings/errors.h"
#include "bindings/text.h"
#include "bindings/worker_dict.h"
#include "engine/connector_factory.h"

namespace regear {

namespace py = pybind11;

namespace {

py::list InspectTarget(const py::dict& worker) {
  const WorkerSpec spec = ParseWorker(worker);
  auto findings = [&]() -> Result<std::vector<Finding>> {
    const py::gil_scoped_release release;
    auto connector = MakeConnector(spec);
    if (!connector.ok()) return connector.status();
    return (*connector)->Preflight();
  }();
  RaiseIfTargetError(findings.status());
  return FindingsToPython(*findings);
}

}  // namespace

py::list FindingsToPython(const std::vector<Finding>& findings) {
  py::list list;
  for (const Finding& finding : findings) {
    py::dict entry;
    entry["blocks"] = finding.blocks;
    entry["message"] = ToPython(finding.message);
    entry["hint"] = ToPython(finding.hint);
    list.append(entry);
  }
  return list;
}

void BindTarget(py::module_* module) {
  module->def("inspect_target", &InspectTarget, py::arg("worker"),
              "All that is to be mended or known about the target of "
              "``worker``.");
}

}  // namespace regear
