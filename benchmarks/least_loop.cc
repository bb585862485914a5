// The least C++ loop that drains a change stream of persons: one thread reads
// ahead with XREAD, the other keeps the last state of each row, upserts a
// batch in one transaction and trims. Also the sink's own limit: the same
// statements fed from memory. Prints one JSON line.
//
//   least_loop stream|memory sqlite|postgres|mysql TARGET BATCH CHANGES KEYS
//              [SOCKET STREAM]
#include <hiredis/hiredis.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "least_sinks.h"

namespace bench {
namespace {

struct ReplyDeleter {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ReplyPtr = std::unique_ptr<redisReply, ReplyDeleter>;
struct ContextDeleter {
  void operator()(redisContext* context) const { redisFree(context); }
};
using ContextPtr = std::unique_ptr<redisContext, ContextDeleter>;

ContextPtr Connect(const std::string& socket) {
  ContextPtr context(redisConnectUnix(socket.c_str()));
  if (context == nullptr || context->err) throw std::runtime_error("redis");
  return context;
}

std::string_view Text(const redisReply* reply) {
  return {reply->str, reply->len};
}

// An entry of three mapped fields, as the module writes it: _original_key,
// _event and # with their values, then the fields in mapping order.
Person Decode(const redisReply* entry) {
  redisReply** pairs = entry->element[1]->element;
  const std::string_view key = Text(pairs[1]);
  return {key.substr(key.find(':') + 1), Text(pairs[7]), Text(pairs[9]),
          std::atoi(pairs[11]->str)};
}

struct Batch {
  ReplyPtr reply;  // owns what the rows point to
  std::vector<Person> rows;
  std::string last_id;
  size_t changes = 0;
};

// Last state of each row.
void Fold(const redisReply* entries, Batch* batch) {
  std::unordered_map<std::string_view, size_t> index(entries->elements * 2);
  for (size_t i = 0; i < entries->elements; ++i) {
    const Person person = Decode(entries->element[i]);
    const auto [it, added] = index.emplace(person.id, batch->rows.size());
    if (added) {
      batch->rows.push_back(person);
    } else {
      batch->rows[it->second] = person;
    }
  }
  batch->changes = entries->elements;
  batch->last_id = Text(entries->element[entries->elements - 1]->element[0]);
}

// One batch is read while another is written.
class ReadAhead {
 public:
  ReadAhead(const std::string& socket, std::string stream, int batch)
      : stream_(std::move(stream)),
        batch_(batch),
        thread_([this, socket] { Run(Connect(socket).get()); }) {}
  ~ReadAhead() { thread_.join(); }

  // The next batch; without changes at the end of the stream.
  Batch Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return full_; });
    full_ = false;
    changed_.notify_all();
    return std::move(next_);
  }

 private:
  void Run(redisContext* redis) {
    std::string last = "0-0";
    for (bool more = true; more;) {
      Batch batch;
      batch.reply.reset(static_cast<redisReply*>(
          redisCommand(redis, "XREAD COUNT %d STREAMS %s %s", batch_,
                       stream_.c_str(), last.c_str())));
      more = batch.reply != nullptr && batch.reply->type == REDIS_REPLY_ARRAY;
      if (more) Fold(batch.reply->element[0]->element[1], &batch);
      last = batch.last_id;
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !full_; });
      next_ = std::move(batch);
      full_ = true;
      changed_.notify_all();
    }
  }

  const std::string stream_;
  const int batch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;
  Batch next_;
  std::thread thread_;
};

size_t DrainStream(Sink* sink, const std::string& socket,
                   const std::string& stream, int batch_size) {
  const ContextPtr redis = Connect(socket);
  ReadAhead reader(socket, stream, batch_size);
  size_t changes = 0;
  for (;;) {
    const Batch batch = reader.Take();
    if (batch.changes == 0) return changes;
    sink->Write(batch.rows);
    changes += batch.changes;
    const size_t dash = batch.last_id.find('-');
    const std::string next =
        batch.last_id.substr(0, dash + 1) +
        std::to_string(std::stoull(batch.last_id.substr(dash + 1)) + 1);
    const ReplyPtr reply(static_cast<redisReply*>(redisCommand(
        redis.get(), "XTRIM %s MINID %s", stream.c_str(), next.c_str())));
  }
}

// Rows as long as those that the stream would hold, `keys` distinct ones in
// turn: a row that grows or shrinks costs InnoDB more than one that does not.
size_t DrainMemory(Sink* sink, int batch_size, size_t changes, size_t keys) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < keys; ++i) ids.push_back(std::to_string(i));
  std::vector<std::string> first_names;
  for (int i = 0; i < 1000; ++i) {
    first_names.push_back("Marek" + std::to_string(i));
  }
  std::vector<Person> rows;
  for (size_t done = 0; done < changes;) {
    rows.clear();
    const size_t size =
        std::min({static_cast<size_t>(batch_size), changes - done, keys});
    for (size_t i = 0; i < size; ++i) {
      const size_t key = (done + i) % keys;
      rows.push_back({ids[key], first_names[key % 1000], "Michalski0",
                      static_cast<int>(key % 100)});
    }
    sink->Write(rows);
    done += size;
  }
  return changes;
}

std::unique_ptr<Sink> MakeSink(const std::string& kind,
                               const std::string& target) {
  if (kind == "sqlite") return MakeSqliteSink(target);
  if (kind == "mysql") return MakeMariadbSink(target);
  return MakePostgresSink(target);
}

int Run(const std::vector<std::string>& arguments) {
  const std::string& source = arguments.at(0);
  const std::unique_ptr<Sink> sink = MakeSink(arguments.at(1), arguments.at(2));
  const int batch = std::stoi(arguments.at(3));
  const auto start = std::chrono::steady_clock::now();
  const size_t changes =
      source == "stream"
          ? DrainStream(sink.get(), arguments.at(6), arguments.at(7), batch)
          : DrainMemory(sink.get(), batch, std::stoul(arguments.at(4)),
                        std::stoul(arguments.at(5)));
  const std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  std::cout << nlohmann::json{{"changes", changes},
                              {"seconds", seconds.count()}}
            << std::endl;
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "least_loop: " << error.what() << std::endl;
    return 1;
  }
}
