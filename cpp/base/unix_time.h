// The time of day, as stream ids have it.
#pragma once

#include <chrono>
#include <cstdint>

namespace regear {

inline uint64_t UnixMilliseconds() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
}

}  // namespace regear
