// Mutexes that clang's -Wthread-safety understands: each guarded member names
// its mutex, and a build with clang proves that it is held.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define REGEAR_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define REGEAR_THREAD_ATTRIBUTE(x)
#endif

#define REGEAR_GUARDED_BY(mutex) REGEAR_THREAD_ATTRIBUTE(guarded_by(mutex))
#define REGEAR_REQUIRES(mutex) \
  REGEAR_THREAD_ATTRIBUTE(requires_capability(mutex))
#define REGEAR_EXCLUDES(mutex) REGEAR_THREAD_ATTRIBUTE(locks_excluded(mutex))

namespace regear {

class CondVar;

class REGEAR_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() REGEAR_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() REGEAR_THREAD_ATTRIBUTE(release_capability()) {
    mutex_.unlock();
  }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class REGEAR_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex* mutex)
      REGEAR_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_->Lock();
  }
  ~MutexLock() REGEAR_THREAD_ATTRIBUTE(release_capability()) {
    mutex_->Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

// Waits wake up spuriously: call them in a loop that tests the condition.
class CondVar {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  void Wait(Mutex* mutex) REGEAR_REQUIRES(mutex) {
    std::unique_lock lock(mutex->mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False once `deadline` has passed.
  bool WaitUntil(Mutex* mutex, Deadline deadline) REGEAR_REQUIRES(mutex) {
    std::unique_lock lock(mutex->mutex_, std::adopt_lock);
    const bool in_time =
        condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace regear
