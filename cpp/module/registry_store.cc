// How the registry is stored: the other half of registry.cc.
#include <utility>
#include <vector>

#include "module/registry.h"
#include "module/registry_fields.h"

namespace regear {

namespace {

class WritingScope {
 public:
  explicit WritingScope(bool* writing) : writing_(writing) { *writing_ = true; }
  ~WritingScope() { *writing_ = false; }
  WritingScope(const WritingScope&) = delete;
  WritingScope& operator=(const WritingScope&) = delete;

 private:
  bool* const writing_;
};

}  // namespace

void Registry::Load(rm::Ctx* ctx) {
  const DatabaseScope database(ctx, 0);
  registrations_.clear();
  functions_.clear();
  sessions_.clear();
  orphans_.clear();
  applied_.clear();
  std::vector<std::pair<std::string, std::string>> stored;
  {
    const StringPtr name = MakeString(kKey);
    const KeyPtr key(
        rm::OpenKey(ctx, name.get(), rm::kOpenRead | rm::kOpenNoTouch));
    if (key != nullptr && rm::KeyType(key.get()) == rm::kKeyHash) {
      const auto collect = [](rm::Key*, rm::String* field, rm::String* value,
                              void* data) noexcept {
        static_cast<decltype(stored)*>(data)->emplace_back(View(field),
                                                           View(value));
      };
      const ScanCursorPtr cursor(rm::ScanCursorCreate());
      while (rm::ScanKey(key.get(), cursor.get(), collect, &stored)) {
      }
    }
  }
  for (const auto& [field, value] : stored) LoadField(ctx, field, value);
  Changed();
}

void Registry::LoadField(rm::Ctx* ctx, std::string_view field,
                         std::string_view value) {
  try {
    if (field == kMeta) {
      DecodeMeta(value);
    } else if (field.starts_with(kSessionPrefix)) {
      sessions_.emplace(field.substr(kSessionPrefix.size()), value);
    } else if (field.starts_with(kAppliedPrefix)) {
      applied_.emplace(field, value);
    } else if (field.starts_with(kOrphanPrefix)) {
      auto orphan = nlohmann::json::parse(value);
      std::string stream = NamesOf(orphan).stream;
      orphans_.emplace(std::move(stream), std::move(orphan));
    } else if (field.starts_with(kFunctionPrefix)) {
      auto function = FunctionRegistration::Decode(value);
      std::string id = function.id();
      functions_.emplace(std::move(id), std::move(function));
    } else if (field.starts_with(kRegistrationPrefix)) {
      Registration registration = DecodeRegistration(value);
      std::string id = registration.id;
      registrations_.emplace(std::move(id), std::move(registration));
    }
  } catch (const std::exception& error) {
    rm::Log(ctx, "warning", "field %s of %s is not regear's, left out: %s",
            std::string(field).c_str(), std::string(kKey).c_str(),
            error.what());
  }
}

void Registry::Store(rm::Ctx* ctx) {
  if (empty()) return;
  const WritingScope writing(&writing_);
  {
    const DatabaseScope database(ctx, 0);
    CallReplyPtr reply(rm::Call(ctx, "DEL", "!b", kKey.data(), kKey.size()));
  }
  StoreMeta(ctx);
  for (const auto& [id, registration] : registrations_) {
    Write(ctx, Join(kRegistrationPrefix, id), registration.Encode());
  }
  for (const auto& [id, function] : functions_) {
    Write(ctx, Join(kFunctionPrefix, id), function.Encode());
  }
  for (const auto& [stream, orphan] : orphans_) {
    Write(ctx, Join(kOrphanPrefix, stream), orphan.dump());
  }
  for (const auto& [id, blob] : sessions_) {
    Write(ctx, Join(kSessionPrefix, id), blob);
  }
  for (const auto& [field, token] : applied_) Write(ctx, field, token);
}

std::string Registry::EncodeMeta() const {
  return nlohmann::json{{"next_id", next_id_},
                        {"fence", fence_},
                        {"epoch", epochs_.number()},
                        {"epoch_id", epochs_.id()},
                        {"epochs", epochs_.Encode()}}
      .dump();
}

void Registry::DecodeMeta(std::string_view text) {
  const auto meta = nlohmann::json::parse(text);
  next_id_ = std::max(next_id_, meta.at("next_id").get<uint64_t>());
  fence_ = std::max(fence_, meta.at("fence").get<uint64_t>());
  if (meta.contains("epochs")) {
    epochs_ = Epochs::Decode(meta.at("epochs"));
  } else if (!meta.at("epoch_id").get<std::string>().empty()) {
    // Of a version that knew the current epoch only.
    epochs_ = Epochs::Decode(nlohmann::json::array({nlohmann::json::array(
        {meta.at("epoch"), meta.at("epoch_id"), nlohmann::json::object()})}));
  }
}

void Registry::Write(rm::Ctx* ctx, std::string_view field,
                     std::string_view value) {
  const WritingScope writing(&writing_);
  const DatabaseScope database(ctx, 0);
  CallReplyPtr reply(rm::Call(ctx, "HSET", "!bbb", kKey.data(), kKey.size(),
                              field.data(), field.size(), value.data(),
                              value.size()));
}

void Registry::Erase(rm::Ctx* ctx, std::string_view field) {
  const WritingScope writing(&writing_);
  const DatabaseScope database(ctx, 0);
  CallReplyPtr reply(rm::Call(ctx, "HDEL", "!bb", kKey.data(), kKey.size(),
                              field.data(), field.size()));
}

}  // namespace regear
