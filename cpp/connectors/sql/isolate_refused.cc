#include "connectors/sql/isolate_refused.h"

namespace regear::sql {

namespace {

class Search {
 public:
  Search(const TryRows& try_rows, std::vector<RefusedRow>* refused)
      : try_rows_(try_rows), refused_(refused) {}

  // `known_refused`: a try of exactly these rows would be wasted.
  Status Run(std::span<const size_t> rows, bool known_refused) {
    if (rows.empty()) return Status::Ok();
    if (rows.size() > 1 && known_refused) return Halve(rows);
    Status status = try_rows_(rows);
    if (!status.refused()) return status;
    if (rows.size() > 1) return Halve(rows);
    refused_->push_back({rows.front(), status.message(), status.code()});
    return Status::Ok();
  }

 private:
  Status Halve(std::span<const size_t> rows) {
    const size_t half = rows.size() / 2;
    const size_t before = refused_->size();
    REGEAR_RETURN_IF_ERROR(Run(rows.first(half), false));
    // Nothing wrong on the left: it is on the right.
    return Run(rows.subspan(half), refused_->size() == before);
  }

  const TryRows& try_rows_;
  std::vector<RefusedRow>* refused_;
};

}  // namespace

Status IsolateRefused(std::span<const size_t> rows, const TryRows& try_rows,
                      std::vector<RefusedRow>* refused) {
  return Search(try_rows, refused).Run(rows, true);
}

}  // namespace regear::sql
