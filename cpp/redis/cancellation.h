// Wakes a thread that waits for a socket.
#pragma once

namespace regear {

// Once cancelled it stays so: every wait on a connection that was opened with
// it returns kCancelled at once. Safe to use from any thread.
class Cancellation {
 public:
  Cancellation();
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  void Cancel();
  bool cancelled() const;

  // Becomes readable when cancelled, for poll(2). -1 if the process was out
  // of descriptors; waits then end at their timeout only.
  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace regear
