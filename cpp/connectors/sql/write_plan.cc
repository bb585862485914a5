#include "connectors/sql/write_plan.h"

#include "connectors/sql/key_identity.h"

namespace regear::sql {

std::vector<WriteWave> PlanWrites(const FoldedBatch& batch,
                                  std::span<const size_t> rows,
                                  std::span<const std::string_view> keys) {
  size_t last_wave = 0;
  const std::vector<size_t> wave_of = CountEarlier(keys, &last_wave);
  std::vector<WriteWave> waves(last_wave + 1);
  std::vector<std::vector<size_t>> upserts(last_wave + 1);
  upserts[0].reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool deleted = batch.row(rows[i]).operation == Operation::kDelete;
    (deleted ? waves[wave_of[i]].deletes : upserts[wave_of[i]])
        .push_back(rows[i]);
  }
  for (size_t wave = 0; wave <= last_wave; ++wave) {
    waves[wave].upserts = GroupByShape(batch, upserts[wave]);
  }
  return waves;
}

std::vector<size_t> WriteOrder(const std::vector<WriteWave>& waves) {
  std::vector<size_t> order;
  for (const WriteWave& wave : waves) {
    for (const RowGroup& group : wave.upserts) {
      order.insert(order.end(), group.rows.begin(), group.rows.end());
    }
    order.insert(order.end(), wave.deletes.begin(), wave.deletes.end());
  }
  return order;
}

}  // namespace regear::sql
