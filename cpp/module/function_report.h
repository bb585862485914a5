// How RG.DUMPREGISTRATIONS shows a function.
#pragma once

#include "module/function_registration.h"
#include "module/module_api.h"

namespace regear {

// An array of 12 elements; callers know them by their places.
void ReplyWithFunction(rm::Ctx* ctx, const FunctionRegistration& function);

}  // namespace regear
