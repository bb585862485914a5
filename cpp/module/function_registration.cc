#include "module/function_registration.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include "module/text.h"

namespace regear {

namespace {

using nlohmann::json;
using Reader = FunctionRegistration::Reader;

Reader ReaderNamed(const std::string& name) {
  if (name == "KeysReader") return Reader::kKeys;
  if (name == "StreamReader") return Reader::kStream;
  if (name == "CommandReader") return Reader::kCommand;
  throw std::invalid_argument("there is no reader " + name);
}

bool IsNull(const json& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() || it->is_null();
}

}  // namespace

void FunctionStats::Add(const json& report) {
  triggered += report.value("triggered", 0LL);
  success += report.value("success", 0LL);
  failures += report.value("failures", 0LL);
  aborted += report.value("aborted", 0LL);
  last_ms = report.value("last_ms", last_ms);
  total_ms += report.value("total_ms", 0LL);
  last_lag_ms = report.value("last_lag_ms", last_lag_ms);
  total_lag_ms += report.value("total_lag_ms", 0LL);
  if (const auto error = report.find("error"); error != report.end()) {
    last_error.reset();
    if (error->is_string()) last_error = error->get<std::string>();
  }
  status = report.value("status", status);
}

void FunctionStats::Clear() {
  FunctionStats empty;
  empty.status = std::move(status);
  *this = std::move(empty);
}

FunctionRegistration::FunctionRegistration(json definition, std::string session)
    : definition_(std::move(definition)),
      id_(definition_.at("id").get<std::string>()),
      session_(std::move(session)),
      reader_(ReaderNamed(definition_.at("reader").get<std::string>())),
      sync_(definition_.at("mode") == "sync"),
      exact_(true),
      prefix_(definition_.value("prefix", "*")),
      every_event_(IsNull(definition_, "events")) {
  if (paused()) stats.status = kPaused;
  if (prefix_.ends_with('*')) {
    exact_ = false;
    prefix_.pop_back();
  }
  if (every_event_) return;
  for (const json& event : definition_.at("events")) {
    events_.insert(LowerCase(event.get<std::string>()));
  }
}

FunctionRegistration FunctionRegistration::Decode(std::string_view text) {
  json stored = json::parse(text);
  std::string session = stored.at("session").get<std::string>();
  stored.erase("session");
  return {std::move(stored), std::move(session)};
}

std::string FunctionRegistration::Encode() const {
  json stored = definition_;
  stored["session"] = session_;
  return stored.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool FunctionRegistration::WantsEvent(std::string_view event) const {
  if (reader_ == Reader::kStream) return event == "xadd";
  if (reader_ == Reader::kCommand) return false;
  return every_event_ || events_.contains(LowerCase(event));
}

}  // namespace regear
