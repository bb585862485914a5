// The host that the server starts by itself: on a master whose data set is
// loaded, again whenever it has ended, and no longer than the server lives.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "module/host_auth.h"
#include "module/host_command_line.h"
#include "module/host_link.h"
#include "module/module_api.h"

namespace regear {

// The process has one end of a socket as its standard input, where it reads
// one line of JSON: how it gets in touch, and where it may keep things
// (docs/operations.md). The end of that stream asks it to stop. The socket is
// its standard error too: what it writes there goes to the server's log. Main
// thread only.
class HostProcess {
 public:
  HostProcess(HostAuth& auth, HostLink& link) : auth_(auth), link_(link) {}

  // Reads Host, HostPython and HostData; starts nothing yet.
  void Configure(const ModuleArguments& arguments);
  // The server's role, or what it has loaded, may have changed.
  void Follow();
  // The process id; 0 while there is none.
  pid_t pid() const { return pid_; }

 private:
  using Clock = std::chrono::steady_clock;

  void StartLater(std::chrono::milliseconds delay);
  void Start();
  // Empty, or why it could not be started.
  std::string Spawn(int socket);
  void Stop();
  // Looks after the process now and then while there is one.
  void WatchLater();
  void Watch();
  void OnEnded(std::string_view how);
  void NotStarted(const std::string& reason);
  void ReadLog();
  void LogLine(std::string_view line);
  void CloseSocket();

  HostAuth& auth_;
  HostLink& link_;
  std::vector<std::string> command_;  // empty: none is to be started
  std::string folder_;                // for its key, and for requirements

  pid_t pid_ = 0;
  int socket_ = -1;
  Clock::time_point started_;
  Clock::time_point attached_;  // when a host was seen that held the lease
  bool stopping_ = false;
  bool start_is_due_ = false;           // a timer will start it
  std::chrono::milliseconds delay_{0};  // before the next start
  std::string line_;  // of its standard error, as yet without an end
};

}  // namespace regear
