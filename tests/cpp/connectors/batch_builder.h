// Builds folded batches as a test would say them.
#pragma once

#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "change/fold.h"

namespace regear::testing {

// Columns are named as in the mapping. The batch's views point into the
// builder, which must outlive it.
class BatchBuilder {
 public:
  using Values = std::vector<std::pair<std::string, std::string>>;

  // A key template must outlive the builder.
  explicit BatchBuilder(std::vector<std::string> columns,
                        const KeyTemplate* key_template = nullptr);
  BatchBuilder(BatchBuilder&&) = default;
  BatchBuilder(const BatchBuilder&) = delete;
  BatchBuilder& operator=(const BatchBuilder&) = delete;

  // These columns take these values, those in `cleared` their default; others
  // stay.
  BatchBuilder& Merge(std::string_view id, const Values& values,
                      const std::vector<std::string>& cleared = {});
  // These values are all that is known: other columns take their default.
  BatchBuilder& Replace(std::string_view id, const Values& values);
  BatchBuilder& Delete(std::string_view id);

  const FoldedBatch& batch() const { return batch_; }

 private:
  size_t AddRow(std::string_view id, Operation operation);
  size_t Column(const std::string& name) const;
  std::string_view Own(std::string_view text) {
    return owned_.emplace_back(text);
  }
  void SetValues(size_t row, const Values& values);

  std::vector<std::string> columns_;
  std::deque<std::string> owned_;
  FoldedBatch batch_;
  uint64_t position_ = 0;
};

}  // namespace regear::testing
