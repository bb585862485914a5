// What a command on JSON documents will make of them, found out beforehand.
#pragma once

#include "module/through_job.h"

namespace regear {

// Runs the command of `job` on copies of its keys, of which nobody hears, and
// fills the parts with what came of them and `foreseen` with the reply. False
// if the database need not know: it fails, or changes nothing.
bool ForeseeDocuments(rm::Ctx* ctx, ThroughJob* job);

}  // namespace regear
