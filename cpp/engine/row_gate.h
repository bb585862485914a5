// Keeps the two that write one table, behind Redis and through it, from
// undoing each other: what a client was told to be in the table is not
// overwritten by an older change that waits in a stream.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/thread_annotations.h"
#include "change/change.h"
#include "change/fold.h"
#include "change/position.h"

namespace regear {

// The newest change of each stream before a group was applied in Redis.
using StreamPositions = std::map<std::string, Position>;

// One for each table. A row is written by lanes of a write-through or by a
// drain, never by both at once. A row's value that was written through hides
// what the streams hold of it up to the moment at which Redis had it too.
// Safe to use from any thread.
class RowGate {
 public:
  using Ends = std::function<bool()>;  // a wait is to end at once

  // Lanes: from before the commit until Redis has applied it. False, and
  // nothing is held, if `ends` said so.
  bool Hold(const std::vector<std::string>& rows, const Ends& ends);
  // What the group wrote is in Redis, behind these positions.
  void Mark(const ChangeBatch& group, const StreamPositions& applied);
  void Release(const std::vector<std::string>& rows);

  // Whoever writes through says so beforehand, and waits for the batches that
  // are written at this moment, and goes when it is done.
  void Join();
  void Part();

  // Drains: around the write of a batch, whose changes of `stream` lose what
  // is hidden of them; those of which nothing is left are moved to `hidden`.
  // Fields that it clears view the columns of `mapping`.
  // Leave is to be called if this is true. At once while nobody writes
  // through.
  bool Enter(const std::string& stream, const RowMapping& mapping,
             ChangeBatch* batch, std::vector<Change>* hidden, const Ends& ends);
  void Leave(const std::string& stream);
  // All changes up to there are dealt with.
  void Passed(const std::string& stream, Position position);

 private:
  // Up to where the changes of one row are hidden.
  struct Hidden {
    Position row;  // all that they say
    std::unordered_map<std::string, Position> fields;
  };
  using Rows = std::set<std::string_view>;
  struct Stream {
    std::unordered_map<std::string, Hidden> rows;
    std::deque<std::pair<Position, std::string>> marks;  // in order
  };

  bool AnyDrained(const std::vector<std::string>& rows) const
      REGEAR_REQUIRES(mutex_);
  bool AnyHeld(const Rows& rows) const REGEAR_REQUIRES(mutex_);
  static void Hide(const Stream& stream, const RowMapping& mapping,
                   ChangeBatch* batch, std::vector<Change>* hidden);
  // What shows of `change`, added to `rest`; false if that is nothing.
  static bool AddShown(const Hidden& hidden, const RowMapping& mapping,
                       const ChangeBatch& batch, const Change& change,
                       ChangeBatch* rest);

  Mutex mutex_;
  size_t writers_ REGEAR_GUARDED_BY(mutex_) = 0;
  // Batches that were let in while there was no writer.
  size_t unseen_ REGEAR_GUARDED_BY(mutex_) = 0;
  CondVar changed_;
  std::unordered_map<std::string, size_t> held_ REGEAR_GUARDED_BY(mutex_);
  // The rows of the batches that are written, or wait to be, by stream.
  std::map<std::string, Rows> drained_ REGEAR_GUARDED_BY(mutex_);
  std::map<std::string, Stream> streams_ REGEAR_GUARDED_BY(mutex_);
};

}  // namespace regear
