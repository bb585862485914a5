// INFO regear.
#pragma once

#include "module/module_api.h"

namespace regear {

void AddInfo(rm::InfoCtx* info, int for_crash_report);

}  // namespace regear
