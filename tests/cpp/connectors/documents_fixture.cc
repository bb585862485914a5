#include "connectors/documents_fixture.h"

#include "change/document.h"

namespace regear::testing {

namespace {

constexpr char kOrders[] =
    "CREATE TABLE orders (order_id varchar(64) PRIMARY KEY, "
    "total numeric(30,2), city varchar(100) DEFAULT 'Oslo', paid boolean, "
    "visits bigint, document TEXT)";

}  // namespace

void DocumentsTest::SetUp() {
  ConnectorTest::SetUp();
  mapping.key_prefix = "order:";
  mapping.columns = {{"$.total", "total"},
                     {"$.address.city", "city"},
                     {"$.paid", "paid"},
                     {"$.visits", "visits"},
                     {"$", "document"}};
  mapping.arrays = {"$.items"};
  target.table = "orders";
  target.primary_key = {"order_id"};
  target.checkpoint_id = kStream;
  target.children = {{"order_items",
                      {"order_id"},
                      {{"$.sku", "sku"}, {"$.quantity", "quantity"}},
                      "line"}};
}

void DocumentsTest::CreateTables(const std::string& of_children) {
  database->Run(kOrders);
  database->Run(
      "CREATE TABLE order_items (order_id varchar(64) NOT NULL, "
      "line integer, sku varchar(40), quantity integer DEFAULT 1" +
      of_children + ")");
}

Status DocumentsTest::TryToOpen() {
  std::vector<std::string> names;
  std::vector<std::string> paths;
  for (const auto& column : mapping.columns) {
    names.push_back(column.name);
    paths.push_back(column.field);
  }
  paths.insert(paths.end(), mapping.arrays.begin(), mapping.arrays.end());
  auto made = DocumentPaths::Make(paths);
  if (!made.ok()) return made.status();
  mapping.documents = std::make_shared<const DocumentMapping>(
      DocumentMapping{"doc", *std::move(made)});
  target.key_template = mapping.key_template;
  connector = database->MakeConnector(target, names);
  REGEAR_RETURN_IF_ERROR(connector->Open());
  return connector->LoadCheckpoint().status();
}

void DocumentsTest::OpenDocuments() {
  const Status status = TryToOpen();
  ASSERT_TRUE(status.ok()) << status.ToString();
}

DocumentsTest& DocumentsTest::Set(std::string_view id, std::string_view json) {
  changes_.AddField("doc", changes_.Own(std::string(json)));
  Add(id, Operation::kReplace);
  return *this;
}

DocumentsTest& DocumentsTest::Delete(std::string_view id) {
  Add(id, Operation::kDelete);
  return *this;
}

void DocumentsTest::Add(std::string_view id, Operation operation) {
  Change change;
  change.position = {++last_, 0};
  change.key = changes_.Own(mapping.key_prefix + std::string(id));
  change.operation = operation;
  changes_.Add(change);
}

WriteReport DocumentsTest::Flush(FoldMode mode, bool in_order) {
  FoldedBatch folded = Fold(changes_, mapping, mode);
  if (in_order) folded.set_in_order();
  WriteReport report = connector->Write(folded, CheckpointAt(++batches));
  changes_ = ChangeBatch();
  return report;
}

void DocumentsTest::FlushAll() {
  const WriteReport report = Flush();
  ASSERT_TRUE(report.status.ok()) << report.status.ToString();
}

std::vector<std::string> DocumentsTest::Orders(const std::string& columns) {
  return database->Query("SELECT order_id, " + columns +
                         " FROM orders ORDER BY order_id");
}

std::vector<std::string> DocumentsTest::Items(const std::string& columns) {
  return database->Query("SELECT order_id, " + columns +
                         " FROM order_items ORDER BY order_id, line, sku");
}

}  // namespace regear::testing
