#include "base/thread_annotations.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace regear {
namespace {

using std::chrono::steady_clock;

class Flag {
 public:
  void Set() {
    MutexLock lock(&mutex_);
    set_ = true;
    changed_.NotifyAll();
  }
  bool WaitUntil(steady_clock::time_point deadline) {
    MutexLock lock(&mutex_);
    while (!set_ && changed_.WaitUntil(&mutex_, deadline)) {
    }
    return set_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool set_ REGEAR_GUARDED_BY(mutex_) = false;
};

TEST(CondVarTest, WaitSeesWhatAnotherThreadSet) {
  Flag flag;
  std::thread setter([&] { flag.Set(); });
  EXPECT_TRUE(flag.WaitUntil(steady_clock::now() + std::chrono::seconds(10)));
  setter.join();
}

TEST(CondVarTest, WaitEndsAtItsDeadline) {
  Flag flag;
  EXPECT_FALSE(
      flag.WaitUntil(steady_clock::now() + std::chrono::milliseconds(5)));
}

}  // namespace
}  // namespace regear
