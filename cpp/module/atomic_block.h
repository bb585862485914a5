// `with atomic():` of functions: the server serves one peer until it is done.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "module/handles.h"

namespace regear {

// A connection to the host, which listens on an abstract Unix socket (unix(7)):
// it is on this machine, or there is no such block. Main thread only, which
// does nothing else meanwhile.
class AtomicBlock {
 public:
  using Clock = std::chrono::steady_clock;
  // Well below the lease, which nobody can renew meanwhile.
  static constexpr std::chrono::milliseconds kLongest{2000};

  AtomicBlock(rm::Ctx* ctx, Clock::time_point deadline)
      : ctx_(ctx), deadline_(deadline) {}
  ~AtomicBlock();
  AtomicBlock(const AtomicBlock&) = delete;
  AtomicBlock& operator=(const AtomicBlock&) = delete;

  // Runs the commands of the host that listens as `name`, arrays of texts in
  // RESP2, until the word END. Empty, or the error that ended it; what ran
  // before has happened.
  std::string Serve(std::string_view name);

 private:
  enum class Read { kCommand, kEnd, kFailed };

  bool Connect(std::string_view name);
  // Takes the next command off the input, into `words`.
  Read ReadCommand(std::vector<StringPtr>* words);
  bool ParseCommand(std::vector<StringPtr>* words);
  bool Receive();
  bool Send(std::string_view bytes);
  bool WaitFor(short events);
  bool Answer(const std::vector<StringPtr>& words);

  rm::Ctx* const ctx_;
  const Clock::time_point deadline_;
  int socket_ = -1;
  std::string input_;
  bool late_ = false;
};

}  // namespace regear
