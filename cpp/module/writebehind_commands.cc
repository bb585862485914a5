// RG.WRITEBEHIND …: what an operator does to a registration.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/access.h"
#include "module/command_arguments.h"
#include "module/commands.h"
#include "module/module_state.h"
#include "module/recapture.h"
#include "module/stream_entries.h"
#include "module/text.h"

namespace regear {

namespace {

using nlohmann::json;
constexpr size_t kPage = 1000;  // dead letters looked at in one go

int ReplyOk(rm::Ctx* ctx) { return rm::ReplyWithSimpleString(ctx, "OK"); }

const Registration& Named(std::string_view name) {
  return State().registry.Named(name);
}

// Has the host start the worker anew, on what the streams hold then.
json NextRevision(const Registration& registration) {
  return registration.definition.value("revision", 0) + 1;
}

// PAUSE name
int Pause(rm::Ctx* ctx, const CommandArguments& arguments) {
  Named(arguments.Text(0));
  State().registry.Update(ctx, arguments.Text(0), {{"paused", true}});
  return ReplyOk(ctx);
}

// RESUME name
int Resume(rm::Ctx* ctx, const CommandArguments& arguments) {
  const json revision = NextRevision(Named(arguments.Text(0)));
  State().registry.Update(ctx, arguments.Text(0),
                          {{"paused", false}, {"revision", revision}});
  return ReplyOk(ctx);
}

// DRAIN name
int Drain(rm::Ctx* ctx, const CommandArguments& arguments) {
  if (Named(arguments.Text(0)).definition.value("paused", false)) {
    throw std::invalid_argument(std::string(arguments.Text(0)) +
                                " is paused: resume it first");
  }
  HostLink& link = State().link;
  if (!link.held()) {
    return rm::ReplyWithError(ctx, ("NOHOST " + link.absence()).c_str());
  }
  if (link.full()) throw std::runtime_error("the host is busy, try again");
  std::vector<StringPtr> job;
  job.push_back(MakeString(arguments.Text(0)));
  link.Enqueue("DRAIN", std::move(job), nullptr);
  return ReplyOk(ctx);
}

// CAPTURE name key…
int CaptureKeys(rm::Ctx* ctx, const CommandArguments& arguments) {
  const Registration& registration = Named(arguments.Text(0));
  return ReplyRecaptured(ctx, RecaptureKeys(ctx, State().capture, registration,
                                            "sync", arguments.Texts(1)));
}

struct ReplayOptions {
  uint64_t count = kPage;
  std::string start = "-";
  std::set<std::string, std::less<>> keys;  // empty: all
};

ReplayOptions ParseReplay(const CommandArguments& arguments) {
  ReplayOptions options;
  size_t i = 1;
  for (; i + 1 < arguments.size(); i += 2) {
    if (arguments.Text(i) == "COUNT") {
      options.count = std::max<uint64_t>(arguments.Number(i + 1), 1);
    } else if (arguments.Text(i) == "AFTER") {
      options.start = "(" + std::string(arguments.Text(i + 1));
    } else {
      break;
    }
  }
  for (; i < arguments.size(); ++i) options.keys.emplace(arguments.Text(i));
  return options;
}

// REPLAY name [COUNT n] [AFTER id] [key…]
int Replay(rm::Ctx* ctx, const CommandArguments& arguments) {
  const Registration& registration = Named(arguments.Text(0));
  const ReplayOptions options = ParseReplay(arguments);
  const std::string dead = NamesOf(registration.definition).dead;
  const std::vector<StreamEntry> letters =
      ReadStream(ctx, dead, options.start, "+", options.count);
  std::vector<std::string> keys;
  std::set<std::string_view> seen;
  for (const StreamEntry& letter : letters) {
    const std::string_view key = letter.Value("_original_key");
    const bool wanted = options.keys.empty() || options.keys.contains(key);
    if (wanted && seen.insert(key).second) keys.emplace_back(key);
  }
  const Recaptured done =
      RecaptureKeys(ctx, State().capture, registration, "replay", keys);
  std::set<std::string_view> closed(keys.begin(), keys.end());
  for (const std::string& key : done.missing) closed.erase(key);
  std::vector<std::string> ids;
  for (const StreamEntry& letter : letters) {
    if (closed.contains(letter.Value("_original_key"))) {
      ids.push_back(letter.id);
    }
  }
  rm::ReplyWithArray(ctx, 4);
  rm::ReplyWithLongLong(ctx, DeleteEntries(ctx, dead, ids));
  ReplyTexts(ctx, done.missing);
  rm::ReplyWithLongLong(ctx, StreamLength(ctx, dead));
  Reply(ctx, letters.empty() ? std::string_view() : letters.back().id);
  return rm::kOk;
}

StreamEntry DeadLetterOf(const StreamEntry& change) {
  StreamEntry letter =
      MakeDeadLetter(change.Value("_original_key"), change.Value("_event"),
                     change.Value("#"), change.id, "skipped by an operator");
  for (const auto& pair : change.pairs) {
    const bool head = pair.first == "_original_key" || pair.first == "_event" ||
                      pair.first == "#" || pair.first == "_unit" ||
                      pair.first == "_uuid";
    if (!head) letter.pairs.push_back(pair);
  }
  return letter;
}

// SKIP name id
int Skip(rm::Ctx* ctx, const CommandArguments& arguments) {
  const Registration& registration = Named(arguments.Text(0));
  const StreamNames names = NamesOf(registration.definition);
  const auto found =
      ReadStream(ctx, names.stream, arguments.Text(1), arguments.Text(1), 1);
  if (found.empty()) {
    throw std::invalid_argument("no change " + std::string(arguments.Text(1)) +
                                " waits in " + std::string(arguments.Text(0)));
  }
  if (AppendEntry(ctx, names.dead, DeadLetterOf(found.front())).empty()) {
    throw std::runtime_error("the key " + names.dead +
                             " does not hold a stream");
  }
  DeleteEntries(ctx, names.stream, {found.front().id});
  const json revision = NextRevision(registration);
  State().registry.Update(ctx, arguments.Text(0), {{"revision", revision}});
  return ReplyOk(ctx);
}

// What is registered under that name, or was and left a backlog behind.
const json& DefinitionOf(std::string_view name) {
  const json* orphan = State().registry.FindOrphan(name);
  if (orphan != nullptr) return *orphan;
  return Named(name).definition;
}

long long PurgeChanges(rm::Ctx* ctx, const StreamNames& names) {
  const long long keys = State().backlog.PurgeDirty(ctx, names.stream);
  return keys + EmptyStream(ctx, names.stream) + EmptyStream(ctx, names.parked);
}

// PURGE name [DEAD]
int Purge(rm::Ctx* ctx, const CommandArguments& arguments) {
  const bool dead_letters = arguments.size() > 1;
  if (dead_letters && UpperCase(arguments.Text(1)) != "DEAD") {
    throw std::invalid_argument("PURGE name [DEAD]");
  }
  const StreamNames names = NamesOf(DefinitionOf(arguments.Text(0)));
  const long long removed =
      dead_letters ? EmptyStream(ctx, names.dead) : PurgeChanges(ctx, names);
  const Registration* registration = State().registry.Find(arguments.Text(0));
  if (registration != nullptr) {
    const json revision = NextRevision(*registration);
    State().registry.Update(ctx, arguments.Text(0), {{"revision", revision}});
  }
  return rm::ReplyWithLongLong(ctx, removed);
}

// NOTE name topic text: what `regear status` shall tell; empty: no longer. A
// new version of the registration begins without notes.
int Note(rm::Ctx* ctx, const CommandArguments& arguments) {
  const Registration& registration = Named(arguments.Text(0));
  json notes = registration.definition.value("notes", json::object());
  const std::string topic(arguments.Text(1));
  if (arguments.Text(2).empty()) {
    notes.erase(topic);
  } else {
    notes[topic] = arguments.Text(2);
  }
  State().registry.Update(ctx, arguments.Text(0), {{"notes", notes}});
  return ReplyOk(ctx);
}

struct Subcommand {
  std::string_view name;
  size_t least, most;  // arguments behind its name
  int (*run)(rm::Ctx*, const CommandArguments&);
};

constexpr size_t kAny = SIZE_MAX;
constexpr std::array<Subcommand, 8> kSubcommands = {{
    {"PAUSE", 1, 1, Pause},
    {"RESUME", 1, 1, Resume},
    {"DRAIN", 1, 1, Drain},
    {"CAPTURE", 2, kAny, CaptureKeys},
    {"REPLAY", 1, kAny, Replay},
    {"SKIP", 2, 2, Skip},
    {"PURGE", 1, 2, Purge},
    {"NOTE", 3, 3, Note},
}};

}  // namespace

int WriteBehindCommand(rm::Ctx* ctx, rm::String** argv, int argc) {
  if (argc < 2) return rm::WrongArity(ctx);
  if (!CheckAdministrator(ctx)) return rm::kOk;
  if (State().server.replica()) {
    return rm::ReplyWithError(ctx,
                              "READONLY this is a replica: ask its master");
  }
  const std::string name = UpperCase(View(argv[1]));
  const auto subcommand =
      std::find_if(kSubcommands.begin(), kSubcommands.end(),
                   [&](const Subcommand& known) { return known.name == name; });
  if (subcommand == kSubcommands.end()) {
    return rm::ReplyWithError(ctx, "ERR unknown subcommand of RG.WRITEBEHIND");
  }
  const CommandArguments arguments(argv + 2, argc - 2);
  if (arguments.size() < subcommand->least ||
      arguments.size() > subcommand->most) {
    return rm::WrongArity(ctx);
  }
  const DatabaseScope database(ctx, 0);
  return subcommand->run(ctx, arguments);
}

}  // namespace regear
