// The names of the fields in the hash that stores the registry.
#pragma once

#include <string>
#include <string_view>

namespace regear {

inline constexpr std::string_view kRegistrationPrefix = "registration:";
inline constexpr std::string_view kFunctionPrefix = "function:";
inline constexpr std::string_view kSessionPrefix = "session:";
inline constexpr std::string_view kOrphanPrefix = "orphan:";
inline constexpr std::string_view kAppliedPrefix = "applied:";

inline std::string Join(std::string_view prefix, std::string_view id) {
  return std::string(prefix).append(id);
}

}  // namespace regear
