// The registrations and sessions of this server.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "module/epochs.h"
#include "module/function_registration.h"
#include "module/handles.h"
#include "module/module_api.h"
#include "module/registration.h"

namespace regear {

// One hash in database 0 stores it, so that it is replicated, persisted and
// readable like any data and an RDB file loads in a server without the
// module. Its fields:
//   meta                 {"next_id", "fence", "epoch", "epoch_id", "epochs"}
//   registration:<id>    Registration::Encode
//   function:<id>        FunctionRegistration::Encode
//   orphan:<stream>      MakeOrphan: a backlog without a registration
//   session:<id>         the host's sealed blob, opaque to the module
//   applied:<lane>:<registration>
//                        the last group of a write-through that is in both
// Memory is the truth: a change made to the hash by others is undone.
// Main thread only.
class Registry {
 public:
  static constexpr std::string_view kKey = "_regear:registry";

  // `on_change` is called after every change of the set of registrations.
  explicit Registry(std::function<void()> on_change);

  // Reads the hash; called when a data set was loaded or a replica promoted.
  // Registrations that are not understood are logged and left out.
  void Load(rm::Ctx* ctx);
  // Writes the whole hash anew.
  void Store(rm::Ctx* ctx);

  struct NewSession {
    std::string id;
    std::string blob;
    std::vector<std::string> replaces;  // registration ids
    // Of its registrations; functions have ids that were reserved for them.
    std::vector<nlohmann::json> definitions;
    bool keep = false;  // though it has no registration
  };
  // A new version of a registration, or of an orphan, goes on with its streams
  // (see Inherit).
  // Adds a session and takes away what it replaces, in one step. Throws
  // std::exception and changes nothing if a definition is wrong. Returns the
  // ids of the new registrations, functions last.
  std::vector<std::string> Register(rm::Ctx* ctx, const NewSession& session);

  // What unregistered registrations have left behind, by stream.
  const std::map<std::string, nlohmann::json>& orphans() const {
    return orphans_;
  }
  // The record of the orphan with this name; null if there is none.
  const nlohmann::json* FindOrphan(std::string_view name) const;
  // Forgets the orphans whose backlog is empty.
  void DropEmptyOrphans(rm::Ctx* ctx);

  // Takes a registration away by either of its ids; false if there is none.
  // The other id of the pair is still accepted once, because scripts
  // unregister both.
  bool Unregister(rm::Ctx* ctx, std::string_view id);

  const std::map<std::string, Registration>& registrations() const {
    return registrations_;
  }
  // By id.
  const std::map<std::string, FunctionRegistration>& functions() const {
    return functions_;
  }
  // Null if there is none with this id.
  FunctionRegistration* FindFunction(std::string_view id);
  // Keeps that the function `id` is paused, or is not.
  void KeepPaused(rm::Ctx* ctx, const std::string& id, bool paused);
  // Ids for functions to be registered; they are not given again.
  std::vector<std::string> ReserveIds(rm::Ctx* ctx, uint64_t count);
  // The registration with this name; null if there is none.
  const Registration* Find(std::string_view name) const;
  // The same; throws std::invalid_argument if there is none.
  const Registration& Named(std::string_view name) const;
  // Keeps `value` (null: no longer) in the definition of the registration
  // `name`, without telling the host, who asked for it.
  void Note(rm::Ctx* ctx, std::string_view name, const char* member,
            const nlohmann::json& value);
  // Merges `patch` into the definition of the registration `name`, which
  // keeps its rule, and tells the host.
  void Update(rm::Ctx* ctx, std::string_view name, const nlohmann::json& patch);
  const std::map<std::string, std::string>& sessions() const {
    return sessions_;
  }
  // True where no host ever attached: there is nothing to be remembered.
  bool empty() const {
    return registrations_.empty() && functions_.empty() && fence_ == 0;
  }
  uint64_t generation() const { return generation_; }
  const Epochs& epochs() const { return epochs_; }
  uint64_t fence() const { return fence_; }

  // Stores and returns a fence above the last one and above `found`.
  uint64_t RaiseFence(rm::Ctx* ctx, uint64_t found);

  // A new life of the data set begins: in memory at once, so that every entry
  // from now on belongs to it; StoreMeta makes it durable.
  void BeginEpoch(rm::Ctx* ctx);
  void StoreMeta(rm::Ctx* ctx) { Write(ctx, kMeta, EncodeMeta()); }

  // The group of writes that this lane of a write-through registration has
  // applied last; it is stored together with them. Empty: none.
  std::string AppliedBy(std::string_view name, uint64_t lane) const;
  void NoteApplied(rm::Ctx* ctx, std::string_view name, uint64_t lane,
                   std::string_view token);

  // True while the module itself writes the hash.
  bool writing() const { return writing_; }
  // True for keys that hold regear's own state: never captured.
  bool IsOwnKey(std::string_view key) const;

 private:
  static constexpr std::string_view kMeta = "meta";

  std::string EncodeMeta() const;
  void DecodeMeta(std::string_view text);
  void LoadField(rm::Ctx* ctx, std::string_view field, std::string_view value);
  void Write(rm::Ctx* ctx, std::string_view field, std::string_view value);
  void Erase(rm::Ctx* ctx, std::string_view field);
  // Leaves an orphan, unless the backlog is empty or `heirs` has the name.
  void Remove(rm::Ctx* ctx, const std::string& id,
              const std::set<std::string>& heirs);
  // The definition of the registration that one named `name` follows; null if
  // there is none.
  const nlohmann::json* Predecessor(const std::vector<std::string>& replaces,
                                    const std::string& name) const;
  // Merges `patch` into a definition and stores it.
  void Patch(rm::Ctx* ctx, std::string_view name, const nlohmann::json& patch);
  void ForgetApplied(rm::Ctx* ctx, const std::string& name);
  void FindOwnKeys();
  bool RemoveFunction(rm::Ctx* ctx, const std::string& id);
  void DropSessionIfUnused(rm::Ctx* ctx, const std::string& session);
  std::string NextId();
  void Changed();

  const std::function<void()> on_change_;
  std::map<std::string, Registration> registrations_;      // by KeysReader id
  std::map<std::string, FunctionRegistration> functions_;  // by id
  std::map<std::string, std::string> sessions_;            // id → sealed blob
  std::map<std::string, nlohmann::json> orphans_;          // by stream
  std::map<std::string, std::string> applied_;  // by the field's name
  std::unordered_set<std::string> own_keys_;
  std::deque<std::string> retired_ids_;  // partners of unregistered ids
  uint64_t next_id_ = 1;
  uint64_t fence_ = 0;
  Epochs epochs_;
  uint64_t generation_ = 1;
  bool writing_ = false;
};

// The id of this node as clients know it on a server without a cluster.
inline constexpr std::string_view kNodeId =
    "0000000000000000000000000000000000000000";

}  // namespace regear
