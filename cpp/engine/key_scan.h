// Reads all keys of database 0 that match a pattern, with their values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "redis/connection.h"

namespace regear {

struct ScannedKey {
  std::string name;
  // As TYPE says it.
  std::string type;
  // Of a string, list or hash, the reply of GET, LRANGE or HGETALL.
  std::optional<Reply> value;
};

using KeyPage = std::vector<ScannedKey>;

// Pipelined: the server reads a page while the caller works on the one before.
// Used by one thread at a time.
class KeyScan {
 public:
  // `count` goes to SCAN as it is.
  static Result<std::unique_ptr<KeyScan>> Open(const ConnectionOptions& options,
                                               std::string pattern,
                                               std::string count);

  // Nothing when there are no more. Keys that are gone meanwhile are left out.
  Result<std::optional<KeyPage>> Next();

 private:
  KeyScan(std::unique_ptr<Connection> connection, std::string pattern,
          std::string count)
      : connection_(std::move(connection)),
        pattern_(std::move(pattern)),
        count_(std::move(count)) {}

  void AskForNames();
  Status ReadNames();
  // Asks for the values of `names_`, and for the names behind them.
  Status AskForValues();
  // Fills in those that are of another type than was taken for granted.
  Status Retry(KeyPage* page, const std::vector<size_t>& others);

  std::unique_ptr<Connection> connection_;
  const std::string pattern_;
  const std::string count_;
  std::string cursor_ = "0";
  bool last_ = false;               // no names come behind `names_`
  std::vector<std::string> names_;  // whose values were asked for
  std::string guess_ = "hash";      // the type of the next page's keys
  std::string asked_ = guess_;      // the type that was asked for
};

}  // namespace regear
