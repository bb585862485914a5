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
  const auto documents = definition.find("documents");
  if (documents != definition.end() && !documents->is_null()) {
    options.documents = true;
    options.all_fields = false;
    options.fields = {documents->get<std::string>()};
  }
  options.operations = definition.value("operations", false);
  options.delete_on = TextList(definition, "delete_on");
  options.delete_on_flush = definition.value("on_flush", "ignore") == "delete";
  options.delete_missing = definition.value("delete_missing", false);
  if (options.prefix.empty()) throw std::invalid_argument("prefix is empty");
  if (options.stream.empty()) throw std::invalid_argument("stream is empty");
  return options;
}

// "_persons-stream-p-{06S}" → "_persons-dead-p-{06S}"
std::string Sibling(std::string stream, const std::string& kind) {
  const std::string_view own = "-stream-";
  const size_t at = stream.find(own);
  if (at == std::string::npos) return stream + "-" + kind;
  return stream.replace(at, own.size(), "-" + kind + "-");
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

long long Registration::Limit() const {
  const auto it = definition.find("max_backlog");
  const long long limit =
      it != definition.end() && it->is_number() ? it->get<long long>() : 0;
  return limit > 0 ? limit : ChangeStream::kNoLimit;
}

std::string Registration::Text(const char* name) const {
  const auto it = definition.find(name);
  return it != definition.end() && it->is_string() ? it->get<std::string>()
                                                   : std::string();
}

StreamNames NamesOf(const json& definition) {
  const auto stream = definition.at("stream").get<std::string>();
  const auto name = [&](const char* kind) {
    const auto it = definition.find(kind);
    return it != definition.end() && it->is_string() ? it->get<std::string>()
                                                     : Sibling(stream, kind);
  };
  return {stream, name("dead"), name("parked"), name("dirty")};
}

Registration MakeRegistration(json definition) {
  if (!definition.is_object()) {
    throw std::invalid_argument("a registration must be an object");
  }
  const std::string kind = definition.value("kind", "");
  if (kind != "write-behind" && kind != "write-through") {
    throw std::invalid_argument("unknown kind of registration");
  }
  if (definition.at("name").get<std::string>().empty()) {
    throw std::invalid_argument("name is empty");
  }
  Registration registration;
  registration.rule = std::make_shared<CaptureRule>(RuleOptions(definition));
  const StreamNames names = NamesOf(definition);
  definition["dead"] = names.dead;
  definition["parked"] = names.parked;
  definition["dirty"] = names.dirty;
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
