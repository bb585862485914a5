#include "change/change.h"

#include <iterator>
#include <utility>

namespace regear {

void ChangeBatch::Add(Change change) {
  change.first_field = taken_fields_;
  change.field_count = static_cast<uint32_t>(fields_.size()) - taken_fields_;
  change.first_cleared = taken_cleared_;
  change.cleared_count =
      static_cast<uint32_t>(cleared_.size()) - taken_cleared_;
  taken_fields_ += change.field_count;
  taken_cleared_ += change.cleared_count;
  bytes_ += change.key.size();
  changes_.push_back(change);
}

void ChangeBatch::Append(ChangeBatch later) {
  const uint32_t field_shift = taken_fields_;
  const uint32_t cleared_shift = taken_cleared_;
  for (Change change : later.changes_) {
    change.first_field += field_shift;
    change.first_cleared += cleared_shift;
    changes_.push_back(change);
  }
  fields_.insert(fields_.end(), later.fields_.begin(), later.fields_.end());
  cleared_.insert(cleared_.end(), later.cleared_.begin(), later.cleared_.end());
  taken_fields_ += later.taken_fields_;
  taken_cleared_ += later.taken_cleared_;
  bytes_ += later.bytes_;
  std::move(later.kept_.begin(), later.kept_.end(), std::back_inserter(kept_));
  if (!later.owned_.empty()) {
    // Short strings live inside their objects, so the objects must not move.
    kept_.push_back(
        std::make_shared<std::list<std::string>>(std::move(later.owned_)));
  }
}

}  // namespace regear
