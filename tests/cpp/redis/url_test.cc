#include "redis/url.h"

#include <gtest/gtest.h>

namespace regear {
namespace {

struct GoodUrl {
  const char* name;
  const char* text;
  RedisUrl expected;
};

class UrlTest : public testing::TestWithParam<GoodUrl> {};

TEST_P(UrlTest, IsUnderstood) {
  const auto url = RedisUrl::Parse(GetParam().text);
  ASSERT_TRUE(url.ok()) << url.status().ToString();
  const RedisUrl& expected = GetParam().expected;
  EXPECT_EQ(url->host, expected.host);
  EXPECT_EQ(url->port, expected.port);
  EXPECT_EQ(url->path, expected.path);
  EXPECT_EQ(url->user, expected.user);
  EXPECT_EQ(url->password, expected.password);
}

INSTANTIATE_TEST_SUITE_P(
    All, UrlTest,
    testing::Values(
        GoodUrl{"Host", "redis://h", {"h", 6379, "", "", ""}},
        GoodUrl{"Port", "redis://h:1", {"h", 1, "", "", ""}},
        GoodUrl{"Slash", "redis://h:1/", {"h", 1, "", "", ""}},
        GoodUrl{"DatabaseZero", "redis://h/0", {"h", 6379, "", "", ""}},
        GoodUrl{"PasswordOnly", "redis://:pw@h", {"h", 6379, "", "", "pw"}},
        GoodUrl{"User", "redis://u:pw@h:2", {"h", 2, "", "u", "pw"}},
        GoodUrl{"Encoded",
                "redis://u%40x:p%3a%2F@h",
                {"h", 6379, "", "u@x", "p:/"}},
        GoodUrl{
            "BareAtInPassword", "redis://u:p@w@h", {"h", 6379, "", "u", "p@w"}},
        GoodUrl{"Ipv6", "redis://[::1]:7", {"::1", 7, "", "", ""}},
        GoodUrl{"Socket",
                "unix:///run/redis.sock",
                {"", 6379, "/run/redis.sock", "", ""}},
        GoodUrl{"SocketWithPassword",
                "unix://u:pw@/run/a%20b@c",
                {"", 6379, "/run/a b@c", "u", "pw"}}),
    [](const auto& info) { return info.param.name; });

TEST(UrlTest, MistakesAreRefusedWithoutQuotingThePassword) {
  for (const char* text :
       {"", "h:6379", "http://secret@h", "redis://", "redis://:secret@",
        "redis://:secret@h:x", "redis://:secret@h:0", "redis://h:65536",
        "redis://:secret@h/1", "redis://:secret%4@h", "redis://:secret%zz@h",
        "redis://[::1", "redis://[::1]x", "unix://"}) {
    const auto url = RedisUrl::Parse(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.status().code(), StatusCode::kInvalid);
    EXPECT_EQ(url.status().ToString().find("secret"), std::string::npos);
  }
}

TEST(UrlTest, IsShownWithoutUserAndPassword) {
  EXPECT_EQ(RedisUrl::Parse("redis://u:pw@h:7")->ToString(), "redis://h:7");
  EXPECT_EQ(RedisUrl::Parse("redis://[::1]")->ToString(), "redis://[::1]:6379");
  EXPECT_EQ(RedisUrl::Parse("unix://u:pw@/s")->ToString(), "unix:///s");
}

}  // namespace
}  // namespace regear
