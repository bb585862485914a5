#include "connectors/sql/numeric_text.h"

#include <gtest/gtest.h>

namespace regear::sql {
namespace {

TEST(NumericTextTest, ParsesIntegers) {
  EXPECT_EQ(ParseInteger("42"), 42);
  EXPECT_EQ(ParseInteger(" -007\n"), -7);
  EXPECT_EQ(ParseInteger("+1"), 1);
  EXPECT_EQ(ParseInteger("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", " ", "+", "-", "+-1", "1.0", "1e3", "0x1",
                           "9223372036854775808", "1 2"}) {
    EXPECT_FALSE(ParseInteger(text)) << text;
  }
}

TEST(NumericTextTest, RecognisesDecimalNumbers) {
  for (const char* text : {"0", "-1.5", "+.5", "5.", "1e10", "1.5E-3", " 7 "}) {
    EXPECT_TRUE(IsDecimalNumber(text)) << text;
  }
  for (const char* text : {"", ".", "-", "e5", "1e", "1e+", "inf", "nan",
                           "0x10", "1,5", "1 2", "--1"}) {
    EXPECT_FALSE(IsDecimalNumber(text)) << text;
  }
}

TEST(NumericTextTest, RecognisesWholeNumbersOfAnyLength) {
  EXPECT_TRUE(IsWholeNumber("-99999999999999999999"));
  EXPECT_FALSE(IsWholeNumber("1.0"));
  EXPECT_FALSE(IsWholeNumber(""));
}

TEST(NumericTextTest, ParsesDoubles) {
  EXPECT_EQ(ParseDouble("+1.5"), 1.5);
  EXPECT_EQ(ParseDouble("-2e3"), -2000.0);
  EXPECT_EQ(ParseDouble(".25"), 0.25);
  EXPECT_FALSE(ParseDouble("1e999"));
  EXPECT_FALSE(ParseDouble("nan"));
}

}  // namespace
}  // namespace regear::sql
