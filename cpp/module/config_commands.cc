// RG.CONFIGGET and RG.CONFIGSET: what recipes read with configGet, and the
// settings that clients of RedisGears know.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "module/access.h"
#include "module/command_arguments.h"
#include "module/commands.h"
#include "module/module_state.h"
#include "module/text.h"

namespace regear {

namespace {

struct Setting {
  std::string_view name;
  std::string_view value;  // if nobody sets it
  bool number;
  bool at_run_time;
};

// The host minds those about executions and tracebacks; the others are kept
// for those who ask.
constexpr std::array<Setting, 15> kSettings = {{
    {"MaxExecutions", "1000", true, true},
    {"MaxExecutionsPerRegistration", "100", true, true},
    {"ProfileExecutions", "0", true, true},
    {"ExecutionThreads", "3", true, false},
    {"ExecutionMaxIdleTime", "5000", true, true},
    {"SendMsgRetries", "3", true, true},
    {"PythonAttemptTraceback", "1", true, true},
    {"PythonInstallReqMaxIdleTime", "30000", true, true},
    {"CreateVenv", "0", true, false},
    {"DownloadDeps", "0", true, false},
    {"DependenciesUrl", "", false, false},
    {"DependenciesSha256", "", false, false},
    {"PythonInstallationDir", "", false, false},
    {"OverridePythonAllocators", "0", true, false},
    {"Plugin", "", false, false},
}};

// Set at run time, or the module's argument.
std::optional<std::string_view> Given(std::string_view key) {
  const ModuleState& state = State();
  const auto set = state.config.find(key);
  if (set != state.config.end()) return set->second;
  for (const auto& [name, value] : state.arguments) {
    if (name == key) return value;
  }
  return std::nullopt;
}

void ReplyValue(rm::Ctx* ctx, std::string_view key) {
  const auto setting =
      std::find_if(kSettings.begin(), kSettings.end(),
                   [&](const Setting& known) { return known.name == key; });
  const auto given = Given(key);
  if (setting == kSettings.end()) {
    return given ? Reply(ctx, *given)
                 : Reply(ctx, "(error) Unsupported config parameter: " +
                                  std::string(key));
  }
  const std::string_view value = given.value_or(setting->value);
  const auto number =
      setting->number ? ParseNumber<long long>(value) : std::nullopt;
  if (number) {
    rm::ReplyWithLongLong(ctx, *number);
  } else {
    Reply(ctx, value);
  }
}

// The reply for one pair. `changed` gets what the host is to know.
std::string Set(std::string_view key, std::string_view value,
                std::vector<StringPtr>* changed) {
  ModuleState& state = State();
  const auto setting = std::find_if(
      kSettings.begin(), kSettings.end(),
      [&](const Setting& known) { return SameIgnoringCase(known.name, key); });
  const auto keep = [&](std::string_view name) {
    state.config.insert_or_assign(std::string(name), std::string(value));
    changed->push_back(MakeString(name));
    changed->push_back(MakeString(value));
  };
  if (setting == kSettings.end()) {
    keep(key);
    return "OK - value was saved in extra config dictionary";
  }
  const std::string name(setting->name);
  if (!setting->at_run_time) {
    return "(error) Config value " + name + " not modifiable at runtime";
  }
  if (setting->number && !ParseNumber<long long>(value)) {
    return "(error) Failed setting config value " + name;
  }
  keep(name);
  return "OK";
}

}  // namespace

int ConfigGetCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2) return rm::WrongArity(ctx);
  if (!CheckAdministrator(ctx)) return rm::kOk;
  rm::ReplyWithArray(ctx, argc - 1);
  for (int i = 1; i < argc; ++i) ReplyValue(ctx, View(argv[i]));
  return rm::kOk;
}

int ConfigSetCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2) return rm::WrongArity(ctx);
  if (!CheckAdministrator(ctx)) return rm::kOk;
  HostLink& link = State().link;
  if (State().server.replica()) {
    return rm::ReplyWithError(
        ctx, "READONLY this is a replica: configure its master");
  }
  if (link.full()) {
    return rm::ReplyWithError(
        ctx, "ERR too many jobs are waiting for the host, try again later");
  }
  std::vector<StringPtr> changed;
  rm::ReplyWithArray(ctx, argc / 2);
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc) {
      Reply(ctx, Set(View(argv[i]), View(argv[i + 1]), &changed));
    } else {
      Reply(ctx,
            "(error) Value was not given to " + std::string(View(argv[i])));
    }
  }
  if (!changed.empty() && link.held()) {
    link.Enqueue("CONFIG", std::move(changed), nullptr);
  }
  return rm::kOk;
}

}  // namespace regear
