// Places where a test lets the process die, as kill -9 would do just there.
//
//   REGEAR_FAIL_POINT("after-commit");
//
// is nothing unless built with the CMake option REGEAR_FAIL_POINTS. In such a
// build REGEAR_FAIL_POINT=after-commit:3 in the environment kills the process
// at the third pass (the first without a number) of any thread.
//
// tests/soak finds the points by this macro's name and dies at each.
#pragma once

#ifdef REGEAR_FAIL_POINTS

namespace regear {

void PassFailPoint(const char* name);

}  // namespace regear

#define REGEAR_FAIL_POINT(name) ::regear::PassFailPoint(name)

#else

#define REGEAR_FAIL_POINT(name) static_cast<void>(0)

#endif
