// Documents written to tables, on each backend.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "change/change.h"
#include "change/fold.h"
#include "connectors/test_database.h"

namespace regear::testing {

// Changes of documents go to the table "orders", the elements of "$.items" to
// "order_items".
class DocumentsTest : public ConnectorTest {
 public:
  void SetUp() override;

  // Opens a connector for the tables as CreateTables made them.
  void CreateTables(const std::string& of_children = "");
  void OpenDocuments();
  Status TryToOpen();

  DocumentsTest& Set(std::string_view id, std::string_view json);
  DocumentsTest& Delete(std::string_view id);
  // Writes what was said since the last time.
  WriteReport Flush(FoldMode mode = FoldMode::kLastState,
                    bool in_order = false);
  void FlushAll();  // of which nothing is refused

  std::vector<std::string> Orders(const std::string& columns = "total, city");
  std::vector<std::string> Items(
      const std::string& columns = "sku, quantity, line");

  RowMapping mapping;  // changed before it is opened
  TableTarget target;

 private:
  void Add(std::string_view id, Operation operation);

  ChangeBatch changes_;
  uint64_t last_ = 0;
};

}  // namespace regear::testing
