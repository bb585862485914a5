// What a keyspace event says about the value of its key.
#pragma once

#include <cstdint>
#include <string_view>

namespace regear {

enum class EventKind : uint8_t {
  kIgnored,        // the value is what it was (expire, persist, …)
  kFieldsWritten,  // some fields of a hash were set
  kFieldsRemoved,  // some fields of a hash were removed
  kValueArrived,   // the key holds a whole new value
  kDocument,       // a JSON document was written, or removed
  kValueGone,      // the key was removed
  kCacheEvent,     // removed by expiry or eviction, not by the application
};

// `event` as the server names it. Events of other classes than hash and
// generic matter only where they put another type over a hash.
EventKind ClassifyEvent(int notify_class, std::string_view event);

// The name by which recipes select `event`: a server announces HMSET and
// HSETNX as hset, UNLINK and GETDEL as del.
std::string_view CanonicalEvent(std::string_view event);

}  // namespace regear
