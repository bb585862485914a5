// How every SQL connector writes documents and the elements of their arrays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/documents_fixture.h"

namespace regear::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConnectorDocumentsTest : public DocumentsTest {
 protected:
  // As the backend shows a boolean.
  std::string Yes() const { return postgres() ? "t" : "1"; }
  std::string No() const { return postgres() ? "f" : "0"; }
};

REGEAR_ON_ALL_BACKENDS(ConnectorDocumentsTest);

TEST_P(ConnectorDocumentsTest, WritesPathsToColumnsAndElementsToRows) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"total":12.50,"address":{"city":"Rome"},"paid":true,"items":)"
           R"([{"sku":"a","quantity":2},{"sku":"b","quantity":3}]})");
  Set("2", R"({"paid":false,"items":[{"sku":"c"}]})");
  FlushAll();
  EXPECT_THAT(Orders("city, paid"),
              ElementsAre("1|Rome|" + Yes(), "2|Oslo|" + No()));
  EXPECT_THAT(Items(), ElementsAre("1|a|2|0", "1|b|3|1", "2|c|1|0"));
}

TEST_P(ConnectorDocumentsTest, AnUpdateLeavesTheElementsThatThereAreNow) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a"},{"sku":"b"},{"sku":"c"}]})");
  Set("2", R"({"items":[{"sku":"x"}]})");
  FlushAll();
  Set("1", R"({"items":[{"sku":"b"}]})");
  FlushAll();
  EXPECT_THAT(Items("sku, line"), ElementsAre("1|b|0", "2|x|0"));
  for (const char* none : {"[]", "null", "{}", "7", "\"text\""}) {
    Set("1", R"({"items":[{"sku":"again"}]})");
    FlushAll();
    EXPECT_EQ(Items().size(), 2u);
    Set("1", std::string(R"({"items":)") + none + "}");
    FlushAll();
    EXPECT_THAT(Items("sku, line"), ElementsAre("2|x|0")) << none;
  }
  EXPECT_EQ(Orders().size(), 2u);
}

TEST_P(ConnectorDocumentsTest, DeletesElementsInFrontOfTheirDocument) {
  database->Run(
      "CREATE TABLE orders (order_id varchar(64) PRIMARY KEY, total integer)");
  database->Run(
      "CREATE TABLE order_items (order_id varchar(64) NOT NULL, line integer, "
      "sku varchar(40), quantity integer, FOREIGN KEY (order_id) REFERENCES "
      "orders (order_id))");
  mapping.columns = {{"$.total", "total"}};
  OpenDocuments();
  Set("1", R"({"total":1,"items":[{"sku":"a"}]})");
  Set("2", R"({"total":2,"items":[{"sku":"b"}]})");
  FlushAll();
  Delete("1");
  Set("3", R"({"total":3,"items":[{"sku":"c"}]})");
  FlushAll();
  EXPECT_THAT(Orders("total"), ElementsAre("2|2", "3|3"));
  EXPECT_THAT(Items("sku"), ElementsAre("2|b", "3|c"));
}

TEST_P(ConnectorDocumentsTest, NullAndWhatIsMissingTakeTheDefault) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"total":1,"address":{"city":"Rome"},"visits":3})");
  FlushAll();
  Set("1", R"({"total":null,"address":{"city":null}})");
  FlushAll();
  EXPECT_THAT(Orders("total, city, visits"), ElementsAre("1|NULL|Oslo|NULL"));
}

TEST_P(ConnectorDocumentsTest, KeepsEveryDigitAndCharacter) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"total":12345678901234567890123456.78,)"
           R"("visits":9007199254740993,)"
           R"("address":{"city":"O'Brien said \"hi\" \\ \u00e9 žluťoučký 😀"},)"
           R"("items":[{"sku":"O'Brien said \"hi\"","quantity":-7}]})");
  FlushAll();
  EXPECT_THAT(
      Orders("visits, city"),
      ElementsAre(R"(1|9007199254740993|O'Brien said "hi" \ é žluťoučký 😀)"));
  if (GetParam() != "Sqlite") {  // which has no decimals of this length
    EXPECT_THAT(Orders("total"),
                ElementsAre("1|12345678901234567890123456.78"));
  }
  EXPECT_THAT(Items("sku, quantity"), ElementsAre(R"(1|O'Brien said "hi"|-7)"));
}

TEST_P(ConnectorDocumentsTest, TheWholeDocumentIsKeptAsItStands) {
  CreateTables();
  OpenDocuments();
  const std::string document =
      R"({"b": 1e3, "a": [1, {"x": null}], "n": 123456789012345678901})";
  Set("1", document);
  FlushAll();
  EXPECT_THAT(Orders("document"), ElementsAre("1|" + document));
}

TEST_P(ConnectorDocumentsTest, OfOneIdOnlyTheLastStateCounts) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"visits":1,"items":[{"sku":"a"},{"sku":"b"}]})");
  Set("1", R"({"visits":2,"items":[{"sku":"c"}]})");
  Set("2", R"({"visits":3,"items":[{"sku":"d"}]})").Delete("2");
  Delete("3").Set("3", R"({"visits":4,"items":[{"sku":"e"}]})");
  FlushAll();
  EXPECT_THAT(Orders("visits"), ElementsAre("1|2", "3|4"));
  EXPECT_THAT(Items("sku"), ElementsAre("1|c", "3|e"));
}

TEST_P(ConnectorDocumentsTest, WithoutAFoldEachStateReplacesTheOneBefore) {
  CreateTables();
  OpenDocuments();
  for (const bool in_order : {false, true}) {
    Set("1", R"({"visits":1,"items":[{"sku":"a"},{"sku":"b"}]})");
    Set("1", R"({"visits":2,"items":[{"sku":"c"}]})");
    Set("2", R"({"visits":3,"items":[{"sku":"d"}]})").Delete("2");
    REGEAR_EXPECT_OK(Flush(FoldMode::kEveryChange, in_order).status);
    EXPECT_THAT(Orders("visits"), ElementsAre("1|2"));
    EXPECT_THAT(Items("sku"), ElementsAre("1|c"));
  }
}

TEST_P(ConnectorDocumentsTest, ElementsMayBeValuesAndNeedNoPosition) {
  CreateTables();
  mapping.arrays = {"$.tags"};
  target.children = {{"order_items", {"order_id"}, {{"$", "sku"}}, ""}};
  OpenDocuments();
  Set("1", R"({"tags":["new","old",null,7,{"a":1}]})");
  FlushAll();
  EXPECT_THAT(Items("sku, line"), ::testing::UnorderedElementsAre(
                                      "1|new|NULL", "1|old|NULL", "1|NULL|NULL",
                                      "1|7|NULL", "1|{\"a\":1}|NULL"));
}

TEST_P(ConnectorDocumentsTest, SeveralArraysGoToTablesOfTheirOwn) {
  CreateTables();
  database->Run(
      "CREATE TABLE \"order notes\" (order_id varchar(64), \"the note\" "
      "varchar(100))");
  mapping.arrays.emplace_back("$.notes");
  target.children.push_back(
      {"\"order notes\"", {"order_id"}, {{"$.text", "the note"}}, ""});
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a"}],"notes":[{"text":"x"},{"text":"y"}]})");
  Set("2", R"({"notes":[{"text":"z"}]})");
  FlushAll();
  Set("2", "{}");
  FlushAll();
  EXPECT_THAT(Items("sku"), ElementsAre("1|a"));
  const std::string notes = mysql() ? "`order notes`" : "\"order notes\"";
  EXPECT_EQ(database->Query("SELECT * FROM " + notes).size(), 2u);
}

TEST_P(ConnectorDocumentsTest, AKeyOfSeveralPartsNamesTheParent) {
  database->Run(
      "CREATE TABLE orders (region varchar(20), id integer, total integer, "
      "PRIMARY KEY (region, id))");
  database->Run(
      "CREATE TABLE order_items (area varchar(20), number integer, "
      "sku varchar(40), line integer)");
  mapping.key_template = *KeyTemplate::Parse("order:{region}:{id}");
  mapping.key_prefix = mapping.key_template.prefix();
  mapping.columns = {{"$.total", "total"}};
  target.primary_key = {"region", "id"};
  target.children = {
      {"order_items", {"area", "number"}, {{"$.sku", "sku"}}, "line"}};
  OpenDocuments();
  Set("eu:1", R"({"total":1,"items":[{"sku":"a"},{"sku":"b"}]})");
  Set("us:1", R"({"total":2,"items":[{"sku":"c"}]})");
  FlushAll();
  Set("eu:1", R"({"total":3,"items":[{"sku":"d"}]})");
  Delete("us:1");
  FlushAll();
  EXPECT_THAT(database->Query("SELECT region, id, total FROM orders"),
              ElementsAre("eu|1|3"));
  EXPECT_THAT(
      database->Query("SELECT area, number, sku, line FROM order_items"),
      ElementsAre("eu|1|d|0"));
}

TEST_P(ConnectorDocumentsTest, ManyDocumentsOfManyShapes) {
  CreateTables();
  OpenDocuments();
  size_t elements = 0;
  for (int i = 0; i < 300; ++i) {
    std::string items;
    for (int k = 0; k < i % 7; ++k, ++elements) {
      items += k > 0 ? "," : "";
      const std::string sku =
          k % 2 == 0 ? R"("sku":"s)" + std::to_string(k) + "\"" : "";
      const std::string quantity = k % 3 == 0 ? R"("quantity":5)" : "";
      const bool both = !sku.empty() && !quantity.empty();
      items += "{" + sku + (both ? "," : "") + quantity + "}";
    }
    Set(std::to_string(1000 + i), R"({"items":[)" + items + "]}");
  }
  FlushAll();
  EXPECT_EQ(Orders().size(), 300u);
  EXPECT_EQ(Items().size(), elements);
  EXPECT_THAT(database->Query("SELECT sku, quantity, line FROM order_items "
                              "WHERE order_id = '1006' ORDER BY line"),
              ElementsAre("s0|5|0", "NULL|1|1", "s2|1|2", "NULL|5|3", "s4|1|4",
                          "NULL|1|5"));
}

// Of the statements, as a trigger counts them.
TEST_P(ConnectorDocumentsTest, OneStatementReplacesTheElementsOfABatch) {
  if (!postgres()) return;
  CreateTables();
  database->Run(
      "CREATE TABLE statements (operation text);"
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO statements VALUES (tg_op); RETURN NULL; END $$;"
      "CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON order_items "
      "FOR EACH STATEMENT EXECUTE FUNCTION note()");
  OpenDocuments();
  for (int i = 0; i < 500; ++i) {
    Set(std::to_string(i), R"({"items":[{"sku":"a","quantity":1},)"
                           R"({"sku":"b","quantity":2}]})");
  }
  Delete("gone");
  FlushAll();
  EXPECT_EQ(Items().size(), 1000u);
  EXPECT_THAT(
      database->Query("SELECT operation FROM statements ORDER BY operation"),
      ElementsAre("DELETE", "INSERT"));
}

class DocumentRefusalTest : public ConnectorDocumentsTest {};

REGEAR_ON_ALL_BACKENDS(DocumentRefusalTest);

TEST_P(DocumentRefusalTest, AnElementThatIsRefusedRefusesItsDocument) {
  CreateTables();
  OpenDocuments();
  for (int i = 0; i < 40; ++i) {
    Set(std::to_string(100 + i),
        i == 17 ? R"({"visits":1,"items":[{"sku":"a","quantity":2},)"
                  R"({"sku":"b","quantity":"many"}]})"
                : R"({"visits":1,"items":[{"sku":"a","quantity":2}]})");
  }
  const WriteReport report = Flush();
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 17u);
  EXPECT_THAT(report.refused[0].reason,
              AllOf(HasSubstr("order_items"), HasSubstr("quantity"),
                    HasSubstr("many")));
  EXPECT_THAT(Orders(), IsEmpty());
  EXPECT_THAT(Items(), IsEmpty());
}

TEST_P(DocumentRefusalTest, TheReasonNamesTheDocumentsOwnColumn) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"visits":1,"items":[{"quantity":"many"}]})");
  Set("2", R"({"visits":"often","items":[{"quantity":1}]})");
  const WriteReport report = Flush();
  ASSERT_EQ(report.refused.size(), 2u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("quantity"));
  EXPECT_THAT(report.refused[1].reason,
              AllOf(HasSubstr("visits"), HasSubstr("often")));
}

TEST_P(DocumentRefusalTest, WhatIsNoJsonIsRefusedAlone) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a"}]})");
  Set("2", R"({"items":[{"sku":"a"})");
  const WriteReport report = Flush();
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("no JSON at byte"));
  Set("1", R"({"items":[{"sku":"a"}]})");
  FlushAll();
  EXPECT_THAT(Items("sku"), ElementsAre("1|a"));
}

TEST_P(DocumentRefusalTest, AMissingValueThatIsNeededIsNamed) {
  CreateTables(", weight integer NOT NULL");
  target.children[0].columns.push_back({"$.weight", "weight"});
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a","weight":5}]})");
  Set("2", R"({"items":[{"sku":"a"}]})");
  const WriteReport report = Flush();
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("weight"));
}

TEST_P(DocumentRefusalTest, AUniqueValueMayMoveBetweenDocuments) {
  CreateTables(", UNIQUE (sku)");
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a"}]})");
  Set("2", R"({"items":[{"sku":"b"}]})");
  FlushAll();
  Set("1", R"({"items":[{"sku":"b"}]})");
  Set("2", R"({"items":[{"sku":"a"}]})");
  FlushAll();
  EXPECT_THAT(Items("sku"), ElementsAre("1|b", "2|a"));
  Set("3", R"({"items":[{"sku":"a"}]})");
  const WriteReport report = Flush();
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].kind, StatusCode::kConflict);
}

TEST_P(DocumentRefusalTest, AnElementWhoseRowIsMissingParksItsDocument) {
  if (GetParam() == "Sqlite") return;  // enforces no foreign keys
  database->Run("CREATE TABLE products (sku varchar(40) PRIMARY KEY)");
  CreateTables(", FOREIGN KEY (sku) REFERENCES products (sku)");
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a"}]})");
  const WriteReport report = Flush();
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].kind, StatusCode::kPark);
  database->Run("INSERT INTO products VALUES ('a')");
  Set("1", R"({"items":[{"sku":"a"}]})");
  FlushAll();
  EXPECT_THAT(Items("sku"), ElementsAre("1|a"));
}

class DocumentSchemaTest : public ConnectorDocumentsTest {};

REGEAR_ON_ALL_BACKENDS(DocumentSchemaTest);

TEST_P(DocumentSchemaTest, AMissingChildTableComesWithItsStatement) {
  CreateTables();
  database->Run("DROP TABLE order_items");
  const Status status = TryToOpen();
  ASSERT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(), HasSubstr("order_items does not exist"));
  database->Run(status.hint());
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a","quantity":1},{"sku":"b"}]})");
  FlushAll();
  EXPECT_THAT(Items("sku"), ElementsAre("1|a", "1|b"));
}

TEST_P(DocumentSchemaTest, AMissingColumnOfAChildTableComesWithItsStatement) {
  CreateTables();
  target.children[0].columns.push_back({"$.color", "color"});
  const Status status = TryToOpen();
  ASSERT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(), HasSubstr("order_items has no column color"));
  database->Run(status.hint());
  OpenDocuments();
}

TEST_P(DocumentSchemaTest, AParentWithoutAnIndexIsWorthAWarning) {
  CreateTables();
  OpenDocuments();
  ASSERT_EQ(connector->warnings().size(), 1u);
  const Finding finding = connector->warnings()[0];
  EXPECT_FALSE(finding.blocks);
  EXPECT_THAT(finding.message,
              AllOf(HasSubstr("order_id"), HasSubstr("has no index")));
  database->Run(finding.hint);
  OpenDocuments();
  EXPECT_THAT(connector->warnings(), IsEmpty());
}

TEST_P(DocumentSchemaTest, APrimaryKeyThatBeginsWithTheParentIsAnIndex) {
  CreateTables(", PRIMARY KEY (order_id, line)");
  OpenDocuments();
  EXPECT_THAT(connector->warnings(), IsEmpty());
}

TEST_P(DocumentSchemaTest, AColumnThatNobodyFillsBlocks) {
  CreateTables(", weight integer NOT NULL");
  const Status status = TryToOpen();
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("weight"), HasSubstr("every row is refused")));
}

TEST_P(DocumentSchemaTest, TheParentNeedsAColumnForEachPartOfTheKey) {
  CreateTables();
  target.children[0].parent = {"order_id", "sku"};
  target.children[0].columns = {{"$.quantity", "quantity"}};
  const Status status = TryToOpen();
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.hint(), HasSubstr("order_id"));
}

TEST_P(DocumentSchemaTest, AChildTableThatWasAlteredIsLookedAtAnew) {
  CreateTables();
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a","quantity":1}]})");
  FlushAll();
  database->Run("DROP TABLE order_items");
  database->Run(
      "CREATE TABLE order_items (order_id varchar(64) NOT NULL, line integer, "
      "sku varchar(40), quantity varchar(10))");
  Set("1", R"({"items":[{"sku":"a","quantity":"many"}]})");
  EXPECT_EQ(Flush().status.code(), StatusCode::kReconnect);
  OpenDocuments();
  Set("1", R"({"items":[{"sku":"a","quantity":"many"}]})");
  FlushAll();
  EXPECT_THAT(Items("quantity"), ElementsAre("1|many"));
}

}  // namespace
}  // namespace regear::testing
