#include "connectors/sql/secrets.h"

#include <array>
#include <string_view>

namespace regear::sql {

namespace {

constexpr std::array<std::string_view, 3> kSecretParameters = {
    "password", "passwd", "sslpassword"};

}  // namespace

Secrets::Secrets(const ConnectionParameters& parameters) {
  for (std::string_view name : kSecretParameters) {
    const auto found = parameters.find(std::string(name));
    if (found != parameters.end() && !found->second.empty()) {
      values_.push_back(found->second);
    }
  }
}

std::string Secrets::Redact(std::string text) const {
  constexpr std::string_view kStars = "***";
  for (const std::string& value : values_) {
    size_t at = text.find(value);
    while (at != std::string::npos) {
      text.replace(at, value.size(), kStars);
      at = text.find(value, at + kStars.size());
    }
  }
  return text;
}

Status Secrets::Redact(const Status& status) const {
  if (status.ok() || values_.empty()) return status;
  return Status(status.code(), Redact(status.message()), Redact(status.hint()));
}

}  // namespace regear::sql
