// Waiting for what another thread does.
#pragma once

#include <chrono>
#include <thread>

namespace regear {

// True as soon as `condition` is; false if it is not within 20 seconds.
template <typename Condition>
bool WaitFor(Condition condition) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace regear
