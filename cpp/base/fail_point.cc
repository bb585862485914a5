#include "base/fail_point.h"

#ifdef REGEAR_FAIL_POINTS

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace regear {

namespace {

struct FailPoint {
  std::string name;
  std::atomic<long> passes_left{1};
};

// Never destroyed: threads may pass a point while the process ends.
FailPoint& Chosen() {
  static FailPoint& chosen = *[] {
    auto* const point = new FailPoint;
    const char* const text = std::getenv("REGEAR_FAIL_POINT");
    if (text == nullptr) return point;
    point->name = text;
    const size_t colon = point->name.rfind(':');
    if (colon == std::string::npos) return point;
    point->passes_left = std::atol(point->name.c_str() + colon + 1);
    point->name.resize(colon);
    return point;
  }();
  return chosen;
}

}  // namespace

void PassFailPoint(const char* name) {
  FailPoint& chosen = Chosen();
  if (chosen.name != name || --chosen.passes_left != 0) return;
  std::fprintf(stderr, "fail point %s\n", name);
  std::fflush(stderr);
  std::raise(SIGKILL);
}

}  // namespace regear

#endif
