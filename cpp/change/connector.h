// The seam between the engine and the databases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/fold.h"
#include "change/key_template.h"
#include "change/position.h"

namespace regear {

// Up to which change of a stream a target is complete. Stored in the target
// itself, in the row whose id is the stream's name, as the text
//   val := epoch ":" epoch-id ":" position ":" fence
struct Checkpoint {
  uint64_t epoch = 0;    // number of the life of the data set
  std::string epoch_id;  // random 128 bits of that life, in hex
  Position position;     // the newest change that is in the target
  uint64_t fence = 0;    // of the host that wrote it
  // Stored beside that text where TableTarget::journal is set, and empty
  // elsewhere: what this change and those written with it make of their keys.
  std::string journal = {};

  std::string Encode() const;  // all but the journal
  static Result<Checkpoint> Decode(std::string_view text);

  bool operator==(const Checkpoint&) const = default;
};

// A table with a row for each element of an array in the documents of another
// table: their rows are deleted and inserted with each change of the document.
struct ChildTarget {
  std::string table;  // may be qualified
  // The columns that take the id of the document's row.
  std::vector<std::string> parent;
  std::vector<RowMapping::Column> columns = {};  // field: path in the element
  std::string position = {};  // the column of its index; empty: none
};

// Which table a connector writes and where its checkpoint lives.
struct TableTarget {
  std::string table;  // may be qualified: "schema.table"
  // The columns that take the row's id, in the order of the key template.
  std::vector<std::string> primary_key;
  std::string checkpoint_table = "regear_checkpoint";
  std::string checkpoint_id;      // the change stream's name
  bool journal = false;           // the checkpoint has one
  KeyTemplate key_template = {};  // as in the RowMapping
  // One for each of RowMapping::arrays, in the same order.
  std::vector<ChildTarget> children = {};
  // Rows are inserted and deleted by a key that need not be unique, and never
  // updated.
  bool append = false;
};

// Connection parameters by libpq's keywords (host, port, user, password,
// dbname) or, for SQLite, "path". Asked anew at every connect, so a rotated
// password is picked up; never logged.
using ConnectionParameters = std::map<std::string, std::string>;
using ConnectionProvider = std::function<Result<ConnectionParameters>()>;

// A row of the batch that the target refuses, and why.
struct RefusedRow {
  size_t row = 0;      // index into the FoldedBatch
  std::string reason;  // the database's message, naming the column if known
  // kReject: never accepted as it is. kPark: once the row it refers to is
  // there. kConflict: perhaps in another order.
  StatusCode kind = StatusCode::kReject;
};

struct WriteReport {
  Status status;
  // Filled if status is kReject: nothing was written. With OK: all other rows
  // were written, by a connector that keeps no checkpoint.
  std::vector<RefusedRow> refused;
};

// Something about a target that an operator should mend, or know of.
struct Finding {
  bool blocks = true;   // nothing can be written because of it
  std::string message;  // what is the matter
  std::string hint;     // the statement to type, or what else to do
};

// Writes folded batches to one kind of target. One per worker; every method
// is called from that worker's thread only. After any failure but kReject
// the worker calls Open again before it goes on.
class Connector {
 public:
  virtual ~Connector() = default;

  // Connects, reads the schema and prepares, creating the checkpoint table if
  // it is missing. A failure's hint is a statement that would mend it, such as
  // "CREATE TABLE …". Called again after failures: drops what was open before.
  virtual Status Open() = 0;

  // What the last successful Open found that does not block.
  virtual std::vector<Finding> warnings() const { return {}; }

  // Connects and looks at the target, without creating a table in it. All that
  // is to be mended or known, at once; nothing blocks if Open would succeed. A
  // failure other than kStop is returned. Leaves the connector closed. What
  // this class does is to call Open.
  virtual Result<std::vector<Finding>> Preflight();

  // Writes all of `batch` and moves the checkpoint to `checkpoint` in one
  // transaction, or does nothing. The checkpoint moves by compare-and-swap
  // from the one last loaded or written through this connector: kFenced means
  // that somebody else has moved it, kReject that rows were refused.
  virtual WriteReport Write(const FoldedBatch& batch,
                            const Checkpoint& checkpoint) = 0;

  // The stored checkpoint, nothing before the first batch, or nothing ever
  // where keeps_checkpoint() is false.
  virtual Result<std::optional<Checkpoint>> LoadCheckpoint() = 0;

  // The ids of up to `limit` rows behind the row `after`, in the order of the
  // table's key; fewer than `limit`: there are no more. Ids are written as the
  // database writes keys, which may differ from how their keys in Redis do: 7
  // for 007. Rows that no key can name, by the key template, are left out.
  // kInvalid where the target cannot be listed.
  virtual Result<std::vector<std::string>> IdsAfter(
      const std::optional<std::string>& after, size_t limit);

  // False where a crash repeats batches: the target has no transactions or
  // is the recipe's own code.
  virtual bool keeps_checkpoint() const = 0;
};

}  // namespace regear
