#include "module/registration.h"

#include <stdexcept>
#include <utility>

namespace regear {

namespace {

using nlohmann::json;

std::vector<std::string> TextList(const json& definition, const char* name) {
  const auto it = definition.find(name);
  if (it == definition.end() || it->is_null()) return {};
  return it->get<std::vector<std::string>>();
}

CaptureRule::Options RuleOptions(const json& definition) {
  CaptureRule::Options options;
  options.prefix = definition.at("prefix").get<std::string>();
  options.stream = definition.at("stream").get<std::string>();
  options.db = definition.value("db", 0);
  options.events = TextList(definition, "events");
  const auto fields = definition.find("fields");
  options.all_fields = fields == definition.end() || fields->is_null();
  options.fields = TextList(definition, "fields");
  if (options.prefix.empty()) throw std::invalid_argument("prefix is empty");
  if (options.stream.empty()) throw std::invalid_argument("stream is empty");
  return options;
}

std::string TakeText(json* object, const char* name) {
  std::string text = object->at(name).get<std::string>();
  object->erase(name);
  return text;
}

}  // namespace

std::string Registration::Encode() const {
  json stored = definition;
  stored["id"] = id;
  stored["stream_id"] = stream_id;
  stored["session"] = session;
  return stored.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Registration::Text(const char* name) const {
  const auto it = definition.find(name);
  return it != definition.end() && it->is_string() ? it->get<std::string>()
                                                   : std::string();
}

Registration MakeRegistration(json definition) {
  if (!definition.is_object()) {
    throw std::invalid_argument("a registration must be an object");
  }
  if (definition.value("kind", "") != "write-behind") {
    throw std::invalid_argument("unknown kind of registration");
  }
  if (definition.at("name").get<std::string>().empty()) {
    throw std::invalid_argument("name is empty");
  }
  Registration registration;
  registration.rule = std::make_shared<CaptureRule>(RuleOptions(definition));
  registration.definition = std::move(definition);
  return registration;
}

Registration DecodeRegistration(std::string_view text) {
  json stored = json::parse(text);
  std::string id = TakeText(&stored, "id");
  std::string stream_id = TakeText(&stored, "stream_id");
  std::string session = TakeText(&stored, "session");
  Registration registration = MakeRegistration(std::move(stored));
  registration.id = std::move(id);
  registration.stream_id = std::move(stream_id);
  registration.session = std::move(session);
  return registration;
}

}  // namespace regear
