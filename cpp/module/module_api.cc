#include "module/module_api.h"

namespace regear::rm {

#define REGEAR_DEFINE_API(result, name, arguments) \
  result(*name) arguments = nullptr;
REGEAR_REQUIRED_API(REGEAR_DEFINE_API)
REGEAR_OPTIONAL_API(REGEAR_DEFINE_API)
#undef REGEAR_DEFINE_API

const char* ResolveApi(Ctx* ctx) {
  // The server puts the address of its lookup function in the first word of
  // the context.
  using LookupFn = int (*)(const char* name, void* function);
  const auto lookup = *reinterpret_cast<LookupFn*>(ctx);
#define REGEAR_RESOLVE_API(result, name, arguments) \
  const int found_##name = lookup("RedisModule_" #name, &name);
#define REGEAR_REQUIRE_API(result, name, arguments) \
  if (found_##name != kOk) return #name;
#define REGEAR_OPTIONAL(result, name, arguments) (void)found_##name;
  REGEAR_REQUIRED_API(REGEAR_RESOLVE_API)
  REGEAR_OPTIONAL_API(REGEAR_RESOLVE_API)
  REGEAR_REQUIRED_API(REGEAR_REQUIRE_API)
  REGEAR_OPTIONAL_API(REGEAR_OPTIONAL)
#undef REGEAR_RESOLVE_API
#undef REGEAR_REQUIRE_API
#undef REGEAR_OPTIONAL
  return nullptr;
}

}  // namespace regear::rm
