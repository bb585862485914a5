#include "module/kept_key.h"

#include <algorithm>
#include <utility>

namespace regear {

long long KeptKey::Recount(rm::Ctx* ctx) {
  const DatabaseScope database(ctx, 0);
  const KeyPtr key(
      rm::OpenKey(ctx, name_.get(), rm::kOpenRead | rm::kOpenNoTouch));
  const bool holds = key != nullptr && rm::KeyType(key.get()) == type_;
  const auto found =
      holds ? static_cast<long long>(rm::ValueLength(key.get())) : 0;
  return std::max(std::exchange(size_, found) - found, 0LL);
}

}  // namespace regear
