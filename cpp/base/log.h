// Log lines for the operator, on standard error unless a sink is set.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace regear {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

using LogSink = std::function<void(LogLevel level, std::string_view message)>;

// Replaces where lines go; an empty sink restores standard error. The sink may
// be called from any thread. Call it before workers start.
void SetLogSink(LogSink sink);

void Log(LogLevel level, std::string_view message);

}  // namespace regear
