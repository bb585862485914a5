// Keeps passwords out of messages.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "change/connector.h"

namespace regear::sql {

class Secrets {
 public:
  Secrets() = default;
  // Remembers the values of those parameters that are secret.
  explicit Secrets(const ConnectionParameters& parameters);

  std::string Redact(std::string text) const;
  Status Redact(const Status& status) const;

 private:
  std::vector<std::string> values_;
};

}  // namespace regear::sql
