// JSON documents as the rows of tables.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/fold.h"
#include "change/json_path.h"

namespace regear {

// Finds the values of some paths in one pass over a document. A value is the
// text that a column takes: of a string what it says, of anything else its
// JSON text just as it stands in the document, so that a number keeps its
// digits. null is no value.
class DocumentPaths {
 public:
  static Result<DocumentPaths> Make(std::span<const std::string> paths);

  size_t size() const { return size_; }

  // Sets the i-th of `cells` to the value of the i-th path, and leaves it alone
  // where there is none. `document` is JSON. The values point into it, or into
  // what was appended to `owned`.
  void Find(std::string_view document, std::span<Cell> cells,
            std::deque<std::string>* owned) const;

 private:
  friend class DocumentWalk;

  struct Node {
    JsonStep step;              // that leads here
    std::vector<size_t> found;  // the paths that end here
    std::vector<Node> members;
    std::vector<Node> elements;
  };

  Node root_;
  size_t size_ = 0;
};

// How the changes of whole documents become rows.
struct DocumentMapping {
  std::string field;    // of each change: it holds the document
  DocumentPaths paths;  // of the columns, then of the arrays
};

// Why `document` is no JSON; nothing if it is.
std::optional<std::string> FaultOfJson(std::string_view document);

// The elements of an array; none of any other JSON.
std::vector<std::string_view> ElementsOf(std::string_view json);

// Fold (change/fold.h) of changes that hold whole documents. Of each row only
// the last document is read; one that is no JSON does not fit.
FoldedBatch FoldDocuments(const ChangeBatch& batch, const RowMapping& mapping,
                          FoldMode mode, Position after);

}  // namespace regear
