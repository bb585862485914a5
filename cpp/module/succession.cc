#include "module/succession.h"

#include <algorithm>
#include <set>
#include <string>

#include "module/change_stream.h"
#include "module/registration.h"

namespace regear {

namespace {

using nlohmann::json;

constexpr size_t kMaxHistory = 64;

json Member(const json& object, const char* name, const json& otherwise = {}) {
  const auto it = object.find(name);
  return it == object.end() ? otherwise : *it;
}

// All fields (null), or those named, in whatever order.
bool SameFields(const json& a, const json& b) {
  if (!a.is_array() || !b.is_array()) return a == b;
  return std::set<json>(a.begin(), a.end()) ==
         std::set<json>(b.begin(), b.end());
}

void Copy(const json& from, json* to,
          std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (from.contains(name)) (*to)[name] = from.at(name);
  }
}

}  // namespace

void Inherit(json* definition, const json& old, StreamId last) {
  Copy(old, definition,
       {"stream", "dead", "parked", "dirty", "paused", "revision"});
  json history = Member(old, "field_history", json::array());
  const json fields = Member(old, "fields");
  const bool differ = !SameFields(fields, Member(*definition, "fields"));
  if (differ && last != StreamId{}) history.push_back({Text(last), fields});
  if (history.size() > kMaxHistory) history.erase(history.begin());
  (*definition)["field_history"] = std::move(history);
}

json MakeOrphan(const json& definition) {
  json orphan = json::object();
  Copy(definition, &orphan,
       {"name", "table", "prefix", "db", "fields", "field_history", "stream",
        "dead", "parked", "dirty", "paused", "revision"});
  return orphan;
}

bool HasBacklog(rm::Ctx* ctx, const json& definition) {
  ChangeStream stream(NamesOf(definition));
  const auto keys = stream.keys();
  return std::any_of(keys.begin(), keys.end(), [&](KeptKey* key) {
    key->Recount(ctx);
    return key->size() > 0;
  });
}

}  // namespace regear
