#include "module/info.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "module/module_state.h"

namespace regear {

namespace {

// INFO field names are words.
std::string FieldName(const Registration& registration) {
  std::string name = "registration_" + registration.Text("name");
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return !std::isalnum(c) && c != '_'; }, '_');
  return name;
}

void AddThrough(rm::InfoCtx* info, const ThroughCounts& counts) {
  rm::InfoAddFieldULongLong(info, "waiting", counts.waiting);
  rm::InfoAddFieldULongLong(info, "in_flight", counts.in_flight);
  rm::InfoAddFieldULongLong(info, "committed", counts.committed);
  rm::InfoAddFieldULongLong(info, "refused", counts.refused);
  rm::InfoAddFieldULongLong(info, "in_doubt", counts.in_doubt);
  rm::InfoAddFieldULongLong(info, "timed_out", counts.timed_out);
}

void AddRegistration(rm::InfoCtx* info, const Registration& registration) {
  rm::Ctx* ctx = State().context.get();
  rm::InfoBeginDictField(info, FieldName(registration).c_str());
  if (registration.through()) {
    AddThrough(info, State().through.CountsOf(registration.Text("name")));
    rm::InfoEndDictField(info);
    return;
  }
  rm::InfoAddFieldULongLong(info, "captured", registration.rule->captured);
  rm::InfoAddFieldULongLong(info, "backlog", StreamLength(ctx, registration));
  if (const ChangeStream* stream =
          State().backlog.Find(registration.Text("stream"))) {
    rm::InfoAddFieldULongLong(info, "dead_letters", stream->dead.size());
    rm::InfoAddFieldULongLong(info, "parked", stream->parked.size());
    rm::InfoAddFieldULongLong(info, "dirty", stream->dirty.size());
    rm::InfoAddFieldULongLong(info, "lost", stream->lost);
  }
  rm::InfoEndDictField(info);
}

}  // namespace

void AddInfo(rm::InfoCtx* info, int for_crash_report) {
  const ModuleState& state = State();
  if (rm::InfoAddSection(info, "") == rm::kErr) return;
  rm::InfoAddFieldCString(info, "version", REGEAR_VERSION);
  rm::InfoAddFieldULongLong(info, "host_attached", state.link.held());
  rm::InfoAddFieldULongLong(info, "fence", state.registry.fence());
  rm::InfoAddFieldULongLong(info, "epoch", state.registry.epochs().number());
  rm::InfoAddFieldULongLong(info, "registrations",
                            state.registry.registrations().size());
  rm::InfoAddFieldULongLong(info, "functions",
                            state.registry.functions().size());
  rm::InfoAddFieldULongLong(info, "sessions", state.registry.sessions().size());
  rm::InfoAddFieldULongLong(info, "captured", state.capture.captured());
  rm::InfoAddFieldULongLong(info, "capture_failures", state.capture.failed());
  rm::InfoAddFieldULongLong(info, "captured_lost", state.backlog.lost());
  rm::InfoAddFieldULongLong(info, "orphans", state.registry.orphans().size());
  if (for_crash_report) return;  // opens no key while crashing
  for (const auto& [id, registration] : state.registry.registrations()) {
    AddRegistration(info, registration);
  }
}

}  // namespace regear
