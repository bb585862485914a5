#include "module/recapture.h"

#include "module/command_arguments.h"

namespace regear {

Recaptured RecaptureKeys(rm::Ctx* ctx, Capture& capture,
                         const Registration& registration,
                         std::string_view event,
                         const std::vector<std::string>& keys) {
  Recaptured done;
  for (const std::string& key : keys) {
    if (!registration.rule->MatchesPrefix(key)) continue;
    const StringPtr name = MakeString(key);
    if (capture.Recapture(ctx, registration.rule, name.get(), event) ==
        KeyKind::kMissing) {
      done.missing.push_back(key);
    } else {
      ++done.captured;
    }
  }
  return done;
}

int ReplyRecaptured(rm::Ctx* ctx, const Recaptured& done) {
  rm::ReplyWithArray(ctx, 2);
  rm::ReplyWithLongLong(ctx, done.captured);
  ReplyTexts(ctx, done.missing);
  return rm::kOk;
}

}  // namespace regear
