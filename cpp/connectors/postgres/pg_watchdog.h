// Ends waits for a server that will never answer.
#pragma once

#include <chrono>
#include <thread>

#include "base/thread_annotations.h"

namespace regear::postgres {

// A connection whose other end has vanished without a word, behind a proxy or
// a firewall that still acknowledges what is sent, would block its thread for
// ever: neither keepalives nor the server's statement_timeout help. When a
// wait exceeds its limit the socket is shut down, which libpq takes for a lost
// connection. Watch and Done are called by one thread.
class Watchdog {
 public:
  // Above the session's statement_timeout, which is the gentler way.
  static constexpr std::chrono::seconds kLimit{75};

  explicit Watchdog(std::chrono::milliseconds limit = kLimit) : limit_(limit) {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Someone begins to wait for `socket`, which stays open until Done.
  void Watch(int socket);
  void Done();

  // Watches while it lives.
  class Scope {
   public:
    Scope(Watchdog* watchdog, int socket) : watchdog_(watchdog) {
      watchdog_->Watch(socket);
    }
    ~Scope() { watchdog_->Done(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Watchdog* const watchdog_;
  };

 private:
  using Clock = std::chrono::steady_clock;

  void Run();

  const std::chrono::milliseconds limit_;
  Mutex mutex_;
  CondVar stopping_;
  int socket_ REGEAR_GUARDED_BY(mutex_) = -1;  // -1: nobody waits
  Clock::time_point deadline_ REGEAR_GUARDED_BY(mutex_);
  bool stop_ REGEAR_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // started by the first Watch
};

}  // namespace regear::postgres
