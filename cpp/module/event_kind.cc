#include "module/event_kind.h"

#include <unordered_map>

#include "module/module_api.h"

namespace regear {

namespace {

using KindByName = std::unordered_map<std::string_view, EventKind>;

const KindByName& HashAndGenericEvents() {
  static const KindByName kKinds = {
      {"hset", EventKind::kFieldsWritten},
      {"hincrby", EventKind::kFieldsWritten},
      {"hincrbyfloat", EventKind::kFieldsWritten},
      {"hdel", EventKind::kFieldsRemoved},
      {"hexpired", EventKind::kFieldsRemoved},
      {"hexpire", EventKind::kIgnored},
      {"hpersist", EventKind::kIgnored},
      {"del", EventKind::kValueGone},
      {"rename_from", EventKind::kValueGone},
      {"move_from", EventKind::kValueGone},
      {"rename_to", EventKind::kValueArrived},
      {"copy_to", EventKind::kValueArrived},
      {"restore", EventKind::kValueArrived},
      {"move_to", EventKind::kValueArrived},
      {"expire", EventKind::kIgnored},
      {"persist", EventKind::kIgnored},
      {"new", EventKind::kIgnored},
      {"expired", EventKind::kCacheEvent},
      {"evicted", EventKind::kCacheEvent},
  };
  return kKinds;
}

// Commands that may write their own type over a key that held a hash; all
// others of these classes would have failed with WRONGTYPE.
const KindByName& OverwritingEvents() {
  static const KindByName kKinds = {
      {"set", EventKind::kValueArrived},
      {"sortstore", EventKind::kValueArrived},
      {"sinterstore", EventKind::kValueArrived},
      {"sunionstore", EventKind::kValueArrived},
      {"sdiffstore", EventKind::kValueArrived},
      {"zinterstore", EventKind::kValueArrived},
      {"zunionstore", EventKind::kValueArrived},
      {"zdiffstore", EventKind::kValueArrived},
      {"zrangestore", EventKind::kValueArrived},
      {"georadiusstore", EventKind::kValueArrived},
      {"geosearchstore", EventKind::kValueArrived},
      {"del", EventKind::kValueGone},
  };
  return kKinds;
}

EventKind Find(const KindByName& kinds, std::string_view event,
               EventKind otherwise) {
  const auto it = kinds.find(event);
  return it == kinds.end() ? otherwise : it->second;
}

}  // namespace

EventKind ClassifyEvent(int notify_class, std::string_view event) {
  constexpr int kOtherTypes =
      rm::kNotifyString | rm::kNotifyList | rm::kNotifySet | rm::kNotifyZset;
  if (notify_class & kOtherTypes) {
    return Find(OverwritingEvents(), event, EventKind::kIgnored);
  }
  if (notify_class & rm::kNotifyModule) {
    return event.starts_with("json.") ? EventKind::kDocument
                                      : EventKind::kIgnored;
  }
  // An event of the future changes the value as far as we know: its state is
  // captured, which is at worst a repetition.
  return Find(HashAndGenericEvents(), event, EventKind::kFieldsWritten);
}

std::string_view CanonicalEvent(std::string_view event) {
  if (event == "hmset" || event == "hsetnx") return "hset";
  if (event == "unlink" || event == "getdel") return "del";
  return event;
}

}  // namespace regear
