#include "module/registry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "module/own_writes.h"
#include "module/random_hex.h"
#include "module/registry_fields.h"
#include "module/succession.h"

namespace regear {

namespace {

constexpr size_t kMaxRetiredIds = 1024;

std::string AppliedField(std::string_view name, uint64_t lane) {
  return Join(kAppliedPrefix, std::to_string(lane)).append(":").append(name);
}

}  // namespace

Registry::Registry(std::function<void()> on_change)
    : on_change_(std::move(on_change)) {}

std::vector<std::string> Registry::Register(rm::Ctx* ctx,
                                            const NewSession& session) {
  std::vector<Registration> added;
  std::vector<FunctionRegistration> functions;
  std::set<std::string> names;
  for (nlohmann::json definition : session.definitions) {
    if (definition.value("kind", "") == "function") {
      functions.emplace_back(std::move(definition), session.id);
      continue;
    }
    const nlohmann::json* old =
        Predecessor(session.replaces, definition.value("name", ""));
    if (old != nullptr) {
      const DatabaseScope database(ctx, 0);
      Inherit(&definition, *old, LastGeneratedId(ctx, NamesOf(*old).stream));
    }
    added.push_back(MakeRegistration(std::move(definition)));
    if (!names.insert(added.back().Text("name")).second) {
      throw std::invalid_argument("two registrations have one name: " +
                                  added.back().Text("name"));
    }
  }
  for (const std::string& id : session.replaces) Remove(ctx, id, names);
  std::vector<std::string> ids;
  for (Registration& registration : added) {
    registration.id = NextId();
    registration.stream_id = NextId();
    registration.session = session.id;
    ids.push_back(registration.id);
    Write(ctx, Join(kRegistrationPrefix, registration.id),
          registration.Encode());
    const std::string stream(View(registration.rule->stream()));
    if (orphans_.erase(stream) > 0) Erase(ctx, Join(kOrphanPrefix, stream));
    registrations_.emplace(registration.id, std::move(registration));
  }
  for (FunctionRegistration& function : functions) {
    ids.push_back(function.id());
    Write(ctx, Join(kFunctionPrefix, function.id()), function.Encode());
    functions_.insert_or_assign(function.id(), std::move(function));
  }
  if (!ids.empty() || session.keep) {
    sessions_[session.id] = session.blob;
    Write(ctx, Join(kSessionPrefix, session.id), session.blob);
  }
  StoreMeta(ctx);
  Changed();
  return ids;
}

FunctionRegistration* Registry::FindFunction(std::string_view id) {
  const auto it = functions_.find(std::string(id));
  return it == functions_.end() ? nullptr : &it->second;
}

void Registry::KeepPaused(rm::Ctx* ctx, const std::string& id, bool paused) {
  FunctionRegistration* function = FindFunction(id);
  if (function == nullptr || function->paused() == paused) return;
  function->set_paused(paused);
  Write(ctx, Join(kFunctionPrefix, id), function->Encode());
}

std::vector<std::string> Registry::ReserveIds(rm::Ctx* ctx, uint64_t count) {
  std::vector<std::string> ids;
  for (uint64_t i = 0; i < count; ++i) ids.push_back(NextId());
  StoreMeta(ctx);
  return ids;
}

bool Registry::RemoveFunction(rm::Ctx* ctx, const std::string& id) {
  const auto it = functions_.find(id);
  if (it == functions_.end()) return false;
  const std::string session = it->second.session();
  functions_.erase(it);
  Erase(ctx, Join(kFunctionPrefix, id));
  DropSessionIfUnused(ctx, session);
  return true;
}

void Registry::DropSessionIfUnused(rm::Ctx* ctx, const std::string& session) {
  const bool used =
      std::any_of(
          registrations_.begin(), registrations_.end(),
          [&](const auto& entry) { return entry.second.session == session; }) ||
      std::any_of(functions_.begin(), functions_.end(), [&](const auto& entry) {
        return entry.second.session() == session;
      });
  if (!used && sessions_.erase(session) > 0) {
    Erase(ctx, Join(kSessionPrefix, session));
  }
}

bool Registry::Unregister(rm::Ctx* ctx, std::string_view id) {
  if (RemoveFunction(ctx, std::string(id))) {
    Changed();
    return true;
  }
  const auto found = std::find_if(
      registrations_.begin(), registrations_.end(), [&](const auto& entry) {
        return entry.second.id == id || entry.second.stream_id == id;
      });
  if (found == registrations_.end()) {
    const auto retired =
        std::find(retired_ids_.begin(), retired_ids_.end(), id);
    if (retired == retired_ids_.end()) return false;
    retired_ids_.erase(retired);
    return true;
  }
  const Registration& registration = found->second;
  retired_ids_.push_back(id == registration.id ? registration.stream_id
                                               : registration.id);
  if (retired_ids_.size() > kMaxRetiredIds) retired_ids_.pop_front();
  Remove(ctx, std::string(registration.id), {});
  Changed();
  return true;
}

const nlohmann::json* Registry::Predecessor(
    const std::vector<std::string>& replaces, const std::string& name) const {
  for (const std::string& id : replaces) {
    const auto it = registrations_.find(id);
    if (it != registrations_.end() && it->second.Text("name") == name) {
      return &it->second.definition;
    }
  }
  return FindOrphan(name);
}

const nlohmann::json* Registry::FindOrphan(std::string_view name) const {
  for (const auto& [stream, orphan] : orphans_) {
    if (orphan.value("name", "") == name) return &orphan;
  }
  return nullptr;
}

void Registry::Remove(rm::Ctx* ctx, const std::string& id,
                      const std::set<std::string>& heirs) {
  const auto it = registrations_.find(id);
  if (it == registrations_.end()) {
    RemoveFunction(ctx, id);
    return;
  }
  const std::string session = it->second.session;
  const nlohmann::json& definition = it->second.definition;
  if (!heirs.contains(it->second.Text("name")) && HasBacklog(ctx, definition)) {
    const std::string stream = it->second.Text("stream");
    const auto orphan =
        orphans_.insert_or_assign(stream, MakeOrphan(definition));
    Write(ctx, Join(kOrphanPrefix, stream), orphan.first->second.dump());
  }
  if (it->second.through() && !heirs.contains(it->second.Text("name"))) {
    ForgetApplied(ctx, it->second.Text("name"));
  }
  registrations_.erase(it);
  Erase(ctx, Join(kRegistrationPrefix, id));
  DropSessionIfUnused(ctx, session);
}

void Registry::ForgetApplied(rm::Ctx* ctx, const std::string& name) {
  for (auto it = applied_.begin(); it != applied_.end();) {
    const bool own = it->first.ends_with(":" + name);
    if (own) Erase(ctx, it->first);
    it = own ? applied_.erase(it) : std::next(it);
  }
}

const Registration* Registry::Find(std::string_view name) const {
  for (const auto& [id, registration] : registrations_) {
    if (registration.Text("name") == name) return &registration;
  }
  return nullptr;
}

const Registration& Registry::Named(std::string_view name) const {
  const Registration* found = Find(name);
  if (found == nullptr) {
    throw std::invalid_argument("nothing is registered as " +
                                std::string(name));
  }
  return *found;
}

void Registry::Patch(rm::Ctx* ctx, std::string_view name,
                     const nlohmann::json& patch) {
  for (auto& [id, registration] : registrations_) {
    if (registration.Text("name") != name) continue;
    registration.definition.update(patch);
    Write(ctx, Join(kRegistrationPrefix, id), registration.Encode());
    return;
  }
}

void Registry::Note(rm::Ctx* ctx, std::string_view name, const char* member,
                    const nlohmann::json& value) {
  Patch(ctx, name, {{member, value}});
}

void Registry::Update(rm::Ctx* ctx, std::string_view name,
                      const nlohmann::json& patch) {
  Patch(ctx, name, patch);
  Changed();
}

void Registry::DropEmptyOrphans(rm::Ctx* ctx) {
  std::vector<std::string> empty;
  for (const auto& [stream, orphan] : orphans_) {
    if (!HasBacklog(ctx, orphan)) empty.push_back(stream);
  }
  for (const std::string& stream : empty) {
    orphans_.erase(stream);
    Erase(ctx, Join(kOrphanPrefix, stream));
  }
  if (!empty.empty()) Changed();
}

uint64_t Registry::RaiseFence(rm::Ctx* ctx, uint64_t found) {
  fence_ = std::max(fence_, found) + 1;
  if (epochs_.empty()) BeginEpoch(ctx);
  StoreMeta(ctx);
  return fence_;
}

void Registry::BeginEpoch(rm::Ctx* ctx) {
  const DatabaseScope database(ctx, 0);
  std::map<std::string, StreamId> last_ids;
  for (const auto& [id, registration] : registrations_) {
    const std::string_view stream = View(registration.rule->stream());
    last_ids[std::string(stream)] = LastGeneratedId(ctx, stream);
  }
  for (const auto& [stream, orphan] : orphans_) {
    last_ids[stream] = LastGeneratedId(ctx, stream);
  }
  epochs_.Begin(RandomHex(16), std::move(last_ids));
}

std::string Registry::AppliedBy(std::string_view name, uint64_t lane) const {
  const auto found = applied_.find(AppliedField(name, lane));
  return found == applied_.end() ? std::string() : found->second;
}

void Registry::NoteApplied(rm::Ctx* ctx, std::string_view name, uint64_t lane,
                           std::string_view token) {
  const std::string field = AppliedField(name, lane);
  std::string& applied = applied_[field];
  if (applied == token) return;
  applied = token;
  Write(ctx, field, token);
}

bool Registry::IsOwnKey(std::string_view key) const {
  if (key.starts_with("_regear:")) return true;
  return own_keys_.contains(std::string(key));
}

void Registry::FindOwnKeys() {
  own_keys_.clear();
  const auto add = [&](const nlohmann::json& definition) {
    const StreamNames names = NamesOf(definition);
    own_keys_.insert({names.stream, names.dead, names.parked, names.dirty});
  };
  for (const auto& [id, registration] : registrations_) {
    add(registration.definition);
  }
  for (const auto& [stream, orphan] : orphans_) add(orphan);
}

std::string Registry::NextId() {
  return std::string(kNodeId) + "-" + std::to_string(next_id_++);
}

void Registry::Changed() {
  ++generation_;
  FindOwnKeys();
  on_change_();
}

}  // namespace regear
