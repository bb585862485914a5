// Loads of the write-through benchmark. Prints one JSON line.
//
//   through_load through SECONDS PORT CLIENTS
//     HSET __{users:ID} …, one after another from each client
//   through_load both SECONDS PORT CLIENTS CONNINFO UPSERT
//     the upsert in PostgreSQL, then HSET both:ID …
//   through_load gets SECONDS PORT RATE
//     GETs at a pace from one client
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "through_clients.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Each client has ids of its own.
constexpr int kIdsPerClient = 1000;
// Connections, plans and caches are warm by then; nothing before it counts.
constexpr Seconds kWarmUp(0.5);

// Latencies of what was sent in the time that counts.
class Record {
 public:
  explicit Record(double seconds)
      : begin_(Clock::now() +
               std::chrono::duration_cast<Clock::duration>(kWarmUp)),
        end_(begin_ +
             std::chrono::duration_cast<Clock::duration>(Seconds(seconds))),
        seconds_(seconds) {}

  bool over() const { return Clock::now() >= end_; }
  void Add(Clock::time_point sent, const Outcome& outcome) {
    if (!outcome.empty()) {
      ++errors_;
      error_ = outcome;
    } else if (sent >= begin_) {
      const auto now = Clock::now();
      done_ += now < end_;
      latencies_.push_back(1000 * Seconds(now - sent).count());
    }
  }
  void Print() {
    std::sort(latencies_.begin(), latencies_.end());
    std::cout << nlohmann::json{{"rate", static_cast<double>(done_) / seconds_},
                                {"p50", Percentile(50)},
                                {"p99", Percentile(99)},
                                {"errors", errors_},
                                {"error", error_}}
              << std::endl;
  }

 private:
  double Percentile(size_t part) const {
    if (latencies_.empty()) return 0;
    return latencies_[latencies_.size() * part / 100];
  }

  const Clock::time_point begin_;
  const Clock::time_point end_;
  const double seconds_;
  std::vector<double> latencies_;  // ms
  long done_ = 0;                  // within the time that counts
  long errors_ = 0;
  Outcome error_;  // the last one
};

struct Plan {
  double seconds;
  int port;
  int clients;
  std::string conninfo;  // empty: through
  std::string upsert;
};

// A client that writes one user after another.
class Writer {
 public:
  Writer(const Plan& plan, int number)
      : number_(number), random_(std::random_device()()), redis_(plan.port) {
    if (!plan.conninfo.empty()) {
      postgres_ = std::make_unique<PostgresClient>(plan.conninfo, plan.upsert);
    }
  }

  std::vector<int> sockets() const {
    std::vector<int> found = {redis_.fd()};
    if (postgres_ != nullptr) found.push_back(postgres_->fd());
    return found;
  }
  Clock::time_point sent() const { return sent_; }

  void Start() {
    id_ = std::to_string(number_ * kIdsPerClient + 1 +
                         static_cast<int>(random_() % kIdsPerClient));
    n_ = std::to_string(random_() % 1'000'000'000);
    sent_ = Clock::now();
    if (postgres_ == nullptr) return SendHash("__{users:" + id_ + "}");
    in_postgres_ = true;
    postgres_->Send(id_, n_);
  }

  // Once the write is answered, how.
  std::optional<Outcome> Continue() {
    if (!in_postgres_) return redis_.Receive();
    const std::optional<Outcome> outcome = postgres_->Receive();
    if (!outcome.has_value() || !outcome->empty()) return outcome;
    in_postgres_ = false;
    SendHash("both:" + id_);
    return std::nullopt;
  }

 private:
  // What the upsert makes of the two parameters.
  void SendHash(const std::string& key) {
    const std::string name = "user" + n_;
    redis_.Send({"HSET", key, "username", name, "email", name + "@example.org",
                 "country", "UK"});
  }

  const int number_;
  std::mt19937 random_;
  RedisClient redis_;
  std::unique_ptr<PostgresClient> postgres_;
  bool in_postgres_ = false;
  std::string id_;
  std::string n_;
  Clock::time_point sent_;
};

class Epoll {
 public:
  Epoll() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0) throw std::runtime_error("epoll_create1");
  }
  ~Epoll() { close(fd_); }
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  void Add(Writer* writer) {
    for (const int socket : writer->sockets()) {
      epoll_event event = {};
      event.events = EPOLLIN;
      event.data.ptr = writer;
      if (epoll_ctl(fd_, EPOLL_CTL_ADD, socket, &event) != 0) {
        throw std::runtime_error("epoll_ctl");
      }
    }
  }
  template <typename Function>
  void Wait(Function function) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(fd_, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      function(static_cast<Writer*>(events[i].data.ptr));
    }
  }

 private:
  const int fd_;
};

void Write(const Plan& plan) {
  std::vector<std::unique_ptr<Writer>> writers;
  Epoll epoll;
  for (int i = 0; i < plan.clients; ++i) {
    writers.push_back(std::make_unique<Writer>(plan, i));
    epoll.Add(writers.back().get());
  }
  Record record(plan.seconds);
  for (const auto& writer : writers) writer->Start();
  for (size_t waiting = writers.size(); waiting > 0;) {
    epoll.Wait([&](Writer* writer) {
      const std::optional<Outcome> outcome = writer->Continue();
      if (!outcome.has_value()) return;
      record.Add(writer->sent(), *outcome);
      if (record.over()) {
        --waiting;
      } else {
        writer->Start();
      }
    });
  }
  record.Print();
}

// What was due while the reply before it was outstanding counts from then: a
// server that stalls delays all of them. That this process wakes up late is no
// fault of the server, and puts off all that follows.
void Get(double seconds, int port, double rate) {
  RedisClient redis(port);
  Record record(seconds);
  const auto pace =
      std::chrono::duration_cast<Clock::duration>(Seconds(1 / rate));
  auto sent = Clock::now();
  while (!record.over()) {
    record.Add(sent, redis.Call({"GET", "greeting"}));
    sent += pace;
    if (Clock::now() > sent) continue;
    std::this_thread::sleep_until(sent);
    sent = Clock::now();
  }
  record.Print();
}

int Run(const std::vector<std::string>& arguments) {
  const std::string& load = arguments.at(0);
  const double seconds = std::stod(arguments.at(1));
  const int port = std::stoi(arguments.at(2));
  if (load == "gets") {
    Get(seconds, port, std::stod(arguments.at(3)));
  } else {
    Plan plan{seconds, port, std::stoi(arguments.at(3)), {}, {}};
    if (load == "both") {
      plan.conninfo = arguments.at(4);
      plan.upsert = arguments.at(5);
    }
    Write(plan);
  }
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "through_load: " << error.what() << std::endl;
    return 1;
  }
}
