// What the engine runs for each registration.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace regear {

// Works from its construction on, on threads of its own. Safe to use from any
// thread.
class Worker {
 public:
  using Milliseconds = std::chrono::milliseconds;

  Worker() = default;
  virtual ~Worker() = default;  // as Abort and Stop
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Its threads are to end soon; returns at once.
  virtual void Abort() = 0;

  // A pause after a failure ends, and what waits for more is written at once.
  // Returns at once.
  virtual void Hurry() = 0;

  // Stops and returns when all threads have ended. With `drain` goes on until
  // nothing is left to be written, for at most `timeout`; false if something
  // was. A write that has begun is never interrupted.
  virtual bool Stop(bool drain, Milliseconds timeout) = 0;

  // Whether every change captured before `unix_ms` was dealt with, as far as
  // this worker knows.
  virtual bool HasPassed(uint64_t unix_ms) = 0;

  // JSON as in docs/host-link.md.
  virtual std::string StatusJson() = 0;
};

}  // namespace regear
