// The least that writes persons to a database: what a good program without
// checkpoints, retries, types read from a schema or error handling would do.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Person {
  std::string_view id;
  std::string_view first_name;
  std::string_view last_name;
  int age;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Upserts rows with distinct ids in one transaction.
  virtual void Write(const std::vector<Person>& rows) = 0;
};

// WAL, synchronous=FULL, one prepared upsert.
std::unique_ptr<Sink> MakeSqliteSink(const std::string& path);
// One prepared INSERT … SELECT FROM unnest … ON CONFLICT, binary arrays.
std::unique_ptr<Sink> MakePostgresSink(const std::string& conninfo);
// One prepared INSERT … ON DUPLICATE KEY UPDATE, its parameters arrays.
// `address`: host, port, user, password and database with blanks between.
std::unique_ptr<Sink> MakeMariadbSink(const std::string& address);

}  // namespace bench
