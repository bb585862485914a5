// Captures the present state of keys that somebody names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "module/capture.h"
#include "module/registration.h"

namespace regear {

struct Recaptured {
  long long captured = 0;
  std::vector<std::string> missing;  // keys that hold nothing
};

// Keys without the registration's prefix are passed over.
Recaptured RecaptureKeys(rm::Ctx* ctx, Capture& capture,
                         const Registration& registration,
                         std::string_view event,
                         const std::vector<std::string>& keys);

// [captured, [key that is missing…]]
int ReplyRecaptured(rm::Ctx* ctx, const Recaptured& done);

}  // namespace regear
