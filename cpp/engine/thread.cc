#include "engine/thread.h"

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <string>
#include <utility>

#include "base/log.h"

namespace regear {

namespace {

// Signals that a fault of the thread itself raises stay as they are.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

std::thread StartThread(const char* name, std::function<void()> body) {
  const AllSignalsBlocked inherited;  // from before the thread's first step
  std::thread thread([name = std::string(name), body = std::move(body)] {
    try {
      body();
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "thread " + name + " ended: " + error.what());
    }
  });
  pthread_setname_np(thread.native_handle(), name);
  return thread;
}

}  // namespace regear
