#include "module/capture_rule.h"

#include <algorithm>

#include "module/event_kind.h"

namespace regear {

CaptureRule::CaptureRule(const Options& options)
    : prefix_(options.prefix),
      db_(options.db),
      all_fields_(options.all_fields),
      documents_(options.documents),
      operations_(options.operations),
      stream_(MakeString(options.stream)) {
  for (const std::string& event : options.events) {
    if (event == "change") every_event_ = true;
    events_.emplace(CanonicalEvent(event));
  }
  if (options.events.empty()) every_event_ = true;
  for (const std::string& field : options.fields) {
    fields_.push_back(MakeString(field));
  }
  // A recipe that leaves "del" out of its events wants no deletes at all.
  if (!WantsEvent("del")) return;
  for (const std::string& event : options.delete_on) {
    delete_on_expired_ |= event == "expired";
    delete_on_evicted_ |= event == "evicted";
  }
  delete_on_flush_ = options.delete_on_flush;
  delete_missing_ = options.delete_missing;
}

bool CaptureRule::DeletesOn(std::string_view event) const {
  return event == "expired" ? delete_on_expired_ : delete_on_evicted_;
}

bool CaptureRule::WantsEvent(std::string_view event) const {
  return every_event_ || events_.contains(std::string(event));
}

bool CaptureRule::WantsField(std::string_view field) const {
  if (field.starts_with('_') || field == "#") return false;
  return all_fields_ ||
         std::any_of(fields_.begin(), fields_.end(), [&](const StringPtr& own) {
           return View(own.get()) == field;
         });
}

}  // namespace regear
