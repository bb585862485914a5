#include "change/json_path.h"

#include <gtest/gtest.h>

namespace regear {
namespace {

JsonStep Member(std::string name) { return {std::move(name)}; }
JsonStep Index(size_t index) { return {"", index, true}; }

TEST(JsonPathTest, ReadsStepsOfEachKind) {
  const struct {
    const char* text;
    JsonPath path;
  } kCases[] = {
      {"$", {}},
      {"$.a", {Member("a")}},
      {"$.address.city", {Member("address"), Member("city")}},
      {"$.größe-2", {Member("größe-2")}},
      {"$['a b']", {Member("a b")}},
      {R"($["it's"])", {Member("it's")}},
      {R"($['it\'s'])", {Member("it's")}},
      {R"($['back\\slash'])", {Member(R"(back\slash)")}},
      {"$['a.b[0]'].c", {Member("a.b[0]"), Member("c")}},
      {"$['']", {Member("")}},
      {"$.a[0][12].b", {Member("a"), Index(0), Index(12), Member("b")}},
  };
  for (const auto& [text, path] : kCases) {
    const auto parsed = ParseJsonPath(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, path) << text;
  }
}

TEST(JsonPathTest, RefusesWhatNamesNoSinglePlace) {
  for (const char* text :
       {"",       "a",      ".a",     "$a",     "$.",           "$..a",
        "$.a.",   "$.*",    "$.a b",  "$[*]",   "$.a[*]",       "$[-1]",
        "$[1:2]", "$[0,1]", "$[",     "$[]",    "$[1",          "$[x]",
        "$['a",   "$['a'",  "$['a'x", "$['a\\", "$[1234567890]"}) {
    const auto parsed = ParseJsonPath(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalid) << text;
    EXPECT_NE(parsed.status().message().find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace regear
