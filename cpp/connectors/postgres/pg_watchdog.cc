#include "connectors/postgres/pg_watchdog.h"

#include <sys/socket.h>

#include <algorithm>

namespace regear::postgres {

namespace {

constexpr std::chrono::milliseconds kLook{1000};

}  // namespace

Watchdog::~Watchdog() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    stopping_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Watchdog::Watch(int socket) {
  {
    MutexLock lock(&mutex_);
    socket_ = socket;
    deadline_ = Clock::now() + limit_;
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void Watchdog::Done() {
  MutexLock lock(&mutex_);
  socket_ = -1;
}

// Looks now and then, so that a statement costs no more than two locks.
void Watchdog::Run() {
  MutexLock lock(&mutex_);
  while (!stop_) {
    stopping_.WaitUntil(&mutex_, Clock::now() + std::min(limit_, kLook));
    if (stop_ || socket_ < 0 || Clock::now() < deadline_) continue;
    shutdown(socket_, SHUT_RDWR);
    socket_ = -1;
  }
}

}  // namespace regear::postgres
