// What RedisGears calls a registration: a function that the host runs when a
// key changes, a stream grows or RG.TRIGGER asks for it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace regear {

// Since the module was loaded, or RG.CLEARREGISTRATIONSSTATS.
struct FunctionStats {
  long long triggered = 0;
  long long success = 0;
  long long failures = 0;
  long long aborted = 0;
  long long last_ms = 0;
  long long total_ms = 0;
  long long last_lag_ms = 0;
  long long total_lag_ms = 0;
  std::optional<std::string> last_error;
  std::string status = "OK";  // of a StreamReader

  // What the host tells of it (docs/host-link.md); throws std::exception.
  void Add(const nlohmann::json& report);
  // All but the status, which tells of now.
  void Clear();
};

// The definition is what the host sent and all that is stored: it names no
// code, which is in the session.
class FunctionRegistration {
 public:
  static constexpr const char* kPaused = "PAUSED";  // a status
  enum class Reader { kKeys, kStream, kCommand };

  // Throws std::exception with what is wrong with the definition.
  FunctionRegistration(nlohmann::json definition, std::string session);
  // Reads what Encode wrote; throws std::exception if it is something else.
  static FunctionRegistration Decode(std::string_view text);
  std::string Encode() const;

  const std::string& id() const { return id_; }
  const std::string& session() const { return session_; }
  const nlohmann::json& definition() const { return definition_; }
  Reader reader() const { return reader_; }
  // The client that causes an event waits until the function has run.
  bool sync() const { return sync_; }
  const std::string& prefix() const { return prefix_; }
  // By an operator or by itself, until an operator says otherwise.
  bool paused() const { return definition_.value("paused", false); }
  void set_paused(bool paused) { definition_["paused"] = paused; }

  bool MatchesKey(std::string_view key) const {
    return exact_ ? key == prefix_ : key.starts_with(prefix_);
  }
  // `event` as the server names it; names compare without case.
  bool WantsEvent(std::string_view event) const;

  FunctionStats stats;

 private:
  nlohmann::json definition_;
  std::string id_;
  std::string session_;
  Reader reader_;
  bool sync_;
  bool exact_;
  std::string prefix_;
  bool every_event_;
  std::unordered_set<std::string> events_;  // lower case
};

}  // namespace regear
