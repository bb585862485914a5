#include "module/event_kind.h"

#include <gtest/gtest.h>

#include "module/module_api.h"

namespace regear {
namespace {

struct Case {
  const char* name;
  int notify_class;
  const char* event;
  EventKind kind;
};

class EventKindTest : public ::testing::TestWithParam<Case> {};

TEST_P(EventKindTest, SaysWhatTheEventDoesToTheValue) {
  EXPECT_EQ(ClassifyEvent(GetParam().notify_class, GetParam().event),
            GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    Events, EventKindTest,
    ::testing::Values(
        Case{"Hset", rm::kNotifyHash, "hset", EventKind::kFieldsWritten},
        Case{"Hdel", rm::kNotifyHash, "hdel", EventKind::kFieldsRemoved},
        Case{"HashEventOfTheFuture", rm::kNotifyHash, "hnew",
             EventKind::kFieldsWritten},
        Case{"FieldExpired", rm::kNotifyHash, "hexpired",
             EventKind::kFieldsRemoved},
        Case{"Del", rm::kNotifyGeneric, "del", EventKind::kValueGone},
        Case{"RenameTo", rm::kNotifyGeneric, "rename_to",
             EventKind::kValueArrived},
        Case{"Expire", rm::kNotifyGeneric, "expire", EventKind::kIgnored},
        Case{"Expired", rm::kNotifyExpired, "expired", EventKind::kCacheEvent},
        Case{"SetOverAHash", rm::kNotifyString, "set",
             EventKind::kValueArrived},
        Case{"AppendNeedsAString", rm::kNotifyString, "append",
             EventKind::kIgnored},
        Case{"UnionOverAHash", rm::kNotifySet, "sunionstore",
             EventKind::kValueArrived},
        Case{"EmptyUnionOverAHash", rm::kNotifyGeneric, "del",
             EventKind::kValueGone},
        Case{"PushNeedsAList", rm::kNotifyList, "lpush", EventKind::kIgnored}),
    [](const auto& info) { return info.param.name; });

TEST(EventKindTest, CallsCommandsByTheEventThatTheServerAnnounces) {
  EXPECT_EQ(CanonicalEvent("hmset"), "hset");
  EXPECT_EQ(CanonicalEvent("unlink"), "del");
  EXPECT_EQ(CanonicalEvent("hincrby"), "hincrby");
}

}  // namespace
}  // namespace regear
