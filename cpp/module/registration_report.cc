#include "module/registration_report.h"

#include <string>
#include <string_view>

#include "module/command_arguments.h"
#include "module/module_state.h"
#include "module/named_reply.h"

namespace regear {

namespace {

using nlohmann::json;

// Description of one reader, in the form by which recipes and scripts find
// their registrations.
std::string ReaderDescription(const Registration& registration,
                              std::string_view reader) {
  return json{{"name", registration.Text("name") + "." + std::string(reader)},
              {"version", MemberOf(registration.definition, "version")},
              {"desc", MemberOf(registration.definition, "description")}}
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
  ReplyNumber(ctx, "numTriggered", triggered);
  ReplyNumber(ctx, "numSuccess", triggered);
  for (std::string_view name : {"numFailures", "numAborted",
                                "lastRunDurationMS", "totalRunDurationMS"}) {
    ReplyNumber(ctx, name, 0);
  }
  ReplyText(ctx, "avgRunDurationMS", "0");
}

void ReplyKeysReaderData(rm::Ctx* ctx, const Registration& registration) {
  const json events = MemberOf(registration.definition, "events");
  rm::ReplyWithArray(ctx, 20);
  ReplyText(ctx, "mode", "sync");
  ReplyCounters(ctx, static_cast<long long>(registration.rule->captured));
  ReplyText(ctx, "lastError", CaptureError(*registration.rule));
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, 8);
  ReplyText(ctx, "regex", registration.Text("prefix") + "*");
  ReplyTexts(ctx, "eventTypes", events.empty() ? json() : events);
  ReplyTexts(ctx, "keyTypes", json());
  ReplyTexts(ctx, "hookCommands", json());
}

std::string_view StreamStatus(const json& status) {
  const json state = MemberOf(status, "state");
  if (!state.is_string()) return "PAUSED";  // no host drains it now
  const std::string name = state.get<std::string>();
  if (name == "running" || name == "connecting") return "OK";
  return name == "sealed" ? "ABORTED" : "WAITING_FOR_RETRY_ON_FAILURE";
}

void ReplyStreamReaderData(rm::Ctx* ctx, const Registration& registration,
                           const json& status) {
  const json& definition = registration.definition;
  const long long lag = NumberOf(status, "lag_ms");
  rm::ReplyWithArray(ctx, 26);
  ReplyText(ctx, "mode", "async_local");
  ReplyCounters(ctx, NumberOf(status, "batches"));
  ReplyNumber(ctx, "lastEstimatedLagMS", lag);
  ReplyText(ctx, "avgEstimatedLagMS", std::to_string(lag));
  ReplyText(ctx, "lastError", MemberOf(status, "last_error"));
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, 12);
  ReplyNumber(ctx, "batchSize", NumberOf(definition, "batch"));
  ReplyNumber(ctx, "durationMS", NumberOf(definition, "duration"));
  ReplyText(ctx, "stream", registration.Text("stream"));
  ReplyNumber(ctx, "trimStream", 1);
  ReplyText(ctx, "onFailedPolicy", "retry");
  ReplyNumber(ctx, "retryInterval", NumberOf(definition, "retry_interval"));
  ReplyText(ctx, "status", StreamStatus(status));
}

void ReplyHead(rm::Ctx* ctx, const Registration& registration,
               std::string_view id, std::string_view reader) {
  rm::ReplyWithArray(ctx, 12);
  ReplyText(ctx, "id", id);
  ReplyText(ctx, "reader", reader);
  ReplyText(ctx, "desc", ReaderDescription(registration, reader));
  Reply(ctx, "RegistrationData");
}

void ReplyTail(rm::Ctx* ctx, const Registration& registration) {
  const std::string session = PrivateData(
      registration.session, {registration.id, registration.stream_id},
      registration.definition);
  ReplyText(ctx, "PD", session);
  ReplyText(ctx, "ExecutionThreadPool", "DefaultPool");
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
