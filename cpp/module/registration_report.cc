#include "module/registration_report.h"

#include <string>
#include <string_view>

#include "module/module_state.h"

namespace regear {

namespace {

using nlohmann::json;

void Reply(rm::Ctx* ctx, std::string_view text) {
  rm::ReplyWithStringBuffer(ctx, text.data(), text.size());
}

void Reply(rm::Ctx* ctx, long long number) {
  rm::ReplyWithLongLong(ctx, number);
}

// "text" → text, anything else → nil.
void ReplyTextOrNull(rm::Ctx* ctx, const json& value) {
  if (value.is_string()) {
    Reply(ctx, value.get<std::string>());
  } else {
    rm::ReplyWithNull(ctx);
  }
}

json Member(const json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object.at(name) : json();
}

long long Number(const json& object, const char* name) {
  const json value = Member(object, name);
  return value.is_number() ? value.get<long long>() : 0;
}

// Description of one reader, in the form by which recipes and scripts find
// their registrations.
std::string ReaderDescription(const Registration& registration,
                              std::string_view reader) {
  return json{{"name", registration.Text("name") + "." + std::string(reader)},
              {"version", Member(registration.definition, "version")},
              {"desc", Member(registration.definition, "description")}}
      .dump();
}

// What keeps changes from being captured, or did.
json CaptureError(const CaptureRule& rule) {
  const ChangeStream* stream = rule.backlog.get();
  if (stream != nullptr && !stream->failure.empty()) return stream->failure;
  if (stream != nullptr && !stream->loss.empty()) return stream->loss;
  return rule.last_error.empty() ? json() : json(rule.last_error);
}

void ReplyCounters(rm::Ctx* ctx, long long triggered) {
  Reply(ctx, "numTriggered");
  Reply(ctx, triggered);
  Reply(ctx, "numSuccess");
  Reply(ctx, triggered);
  for (std::string_view name : {"numFailures", "numAborted",
                                "lastRunDurationMS", "totalRunDurationMS"}) {
    Reply(ctx, name);
    Reply(ctx, 0LL);
  }
  Reply(ctx, "avgRunDurationMS");
  Reply(ctx, "0");
}

void ReplyEventTypes(rm::Ctx* ctx, const json& events) {
  if (!events.is_array() || events.empty()) {
    rm::ReplyWithNull(ctx);
    return;
  }
  rm::ReplyWithArray(ctx, static_cast<long>(events.size()));
  for (const json& event : events) Reply(ctx, event.get<std::string>());
}

void ReplyKeysReaderData(rm::Ctx* ctx, const Registration& registration) {
  rm::ReplyWithArray(ctx, 20);
  Reply(ctx, "mode");
  Reply(ctx, "sync");
  ReplyCounters(ctx, static_cast<long long>(registration.rule->captured));
  Reply(ctx, "lastError");
  ReplyTextOrNull(ctx, CaptureError(*registration.rule));
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, 8);
  Reply(ctx, "regex");
  Reply(ctx, registration.Text("prefix") + "*");
  Reply(ctx, "eventTypes");
  ReplyEventTypes(ctx, Member(registration.definition, "events"));
  Reply(ctx, "keyTypes");
  rm::ReplyWithNull(ctx);
  Reply(ctx, "hookCommands");
  rm::ReplyWithNull(ctx);
}

std::string_view StreamStatus(const json& status) {
  const json state = Member(status, "state");
  if (!state.is_string()) return "PAUSED";  // no host drains it now
  const std::string name = state.get<std::string>();
  if (name == "running" || name == "connecting") return "OK";
  return name == "sealed" ? "ABORTED" : "WAITING_FOR_RETRY_ON_FAILURE";
}

void ReplyStreamReaderData(rm::Ctx* ctx, const Registration& registration,
                           const json& status) {
  rm::ReplyWithArray(ctx, 26);
  Reply(ctx, "mode");
  Reply(ctx, "async_local");
  ReplyCounters(ctx, Number(status, "batches"));
  Reply(ctx, "lastEstimatedLagMS");
  Reply(ctx, Number(status, "lag_ms"));
  Reply(ctx, "avgEstimatedLagMS");
  Reply(ctx, std::to_string(Number(status, "lag_ms")));
  Reply(ctx, "lastError");
  ReplyTextOrNull(ctx, Member(status, "last_error"));
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, 12);
  Reply(ctx, "batchSize");
  Reply(ctx, Number(registration.definition, "batch"));
  Reply(ctx, "durationMS");
  Reply(ctx, Number(registration.definition, "duration"));
  Reply(ctx, "stream");
  Reply(ctx, registration.Text("stream"));
  Reply(ctx, "trimStream");
  Reply(ctx, 1LL);
  Reply(ctx, "onFailedPolicy");
  Reply(ctx, "retry");
  Reply(ctx, "retryInterval");
  Reply(ctx, Number(registration.definition, "retry_interval"));
  Reply(ctx, "status");
  Reply(ctx, StreamStatus(status));
}

void ReplyHead(rm::Ctx* ctx, const Registration& registration,
               std::string_view id, std::string_view reader) {
  rm::ReplyWithArray(ctx, 12);
  Reply(ctx, "id");
  Reply(ctx, id);
  Reply(ctx, "reader");
  Reply(ctx, reader);
  Reply(ctx, "desc");
  Reply(ctx, ReaderDescription(registration, reader));
  Reply(ctx, "RegistrationData");
}

void ReplyTail(rm::Ctx* ctx, const Registration& registration) {
  Reply(ctx, "PD");
  Reply(ctx, PrivateData(registration.session,
                         {registration.id, registration.stream_id},
                         registration.definition));
  Reply(ctx, "ExecutionThreadPool");
  Reply(ctx, "DefaultPool");
}

}  // namespace

std::string PrivateData(const std::string& session,
                        const std::vector<std::string>& ids,
                        const json& definition) {
  std::string registrations, requirements;
  for (const std::string& id : ids) registrations += "'" + id + "', ";
  for (const json& name : definition.value("requirements", json::array())) {
    // In ASCII a string of JSON is one of Python.
    requirements += "{'name': " + name.dump(-1, ' ', true) +
                    ", 'basePath': '', 'wheels': []}, ";
  }
  return "{'sessionId': '" + session + "', 'sessionName': '" + session +
         "', 'sessionDescription': None, 'refCount': 1, 'linkedTo': "
         "'primary', 'dead': False, 'isInstallationNeeded': 0, "
         "'registrationsList': [" +
         registrations + "], 'depsList': [" + requirements + "]}";
}

void ReplyWithRegistrationPair(rm::Ctx* ctx, const Registration& registration,
                               const json& status) {
  ReplyHead(ctx, registration, registration.id, "KeysReader");
  ReplyKeysReaderData(ctx, registration);
  ReplyTail(ctx, registration);
  ReplyHead(ctx, registration, registration.stream_id, "StreamReader");
  ReplyStreamReaderData(ctx, registration, status);
  ReplyTail(ctx, registration);
}

json DescribeRegistration(const Registration& registration,
                          const json& status) {
  json description = registration.definition;
  description["id"] = registration.id;
  description["stream_id"] = registration.stream_id;
  description["session"] = registration.session;
  description["captured"] = registration.rule->captured;
  description["capture_error"] = CaptureError(*registration.rule);
  description["status"] = status;
  if (registration.through()) {
    const ThroughCounts counts =
        State().through.CountsOf(registration.Text("name"));
    description["through"] = {
        {"waiting", counts.waiting},     {"in_flight", counts.in_flight},
        {"committed", counts.committed}, {"refused", counts.refused},
        {"in_doubt", counts.in_doubt},   {"timed_out", counts.timed_out}};
  }
  return description;
}

}  // namespace regear
