// Connectors that are written in Python.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "bindings/python_callbacks.h"
#include "change/connector.h"

namespace regear {

// Writes rows through an object of Python (RowConnector in
// python/regear/_row_connector.py), which is made at the first Open and closed
// at the end.
//
// Takes the GIL once a call. Never throws: what the object raises becomes a
// Status by its class (bindings/errors.h).
class PythonConnector : public Connector {
 public:
  // `make` takes no arguments and returns such an object. `columns`: their
  // names; none: batches have one column, the JSON text of a document.
  PythonConnector(PythonObjectPtr make, std::string stream,
                  std::string checkpoint_id, std::vector<std::string> columns);
  ~PythonConnector() override;

  Status Open() override;
  std::vector<Finding> warnings() const override { return warnings_; }
  Result<std::vector<Finding>> Preflight() override;
  WriteReport Write(const FoldedBatch& batch,
                    const Checkpoint& checkpoint) override;
  Result<std::optional<Checkpoint>> LoadCheckpoint() override;
  bool keeps_checkpoint() const override { return true; }

 private:
  void Close();

  const PythonObjectPtr make_;
  const std::string stream_;
  const std::string checkpoint_id_;
  const std::vector<std::string> columns_;
  PythonObjectPtr connector_;  // null before the first Open
  std::vector<Finding> warnings_;
};

}  // namespace regear
