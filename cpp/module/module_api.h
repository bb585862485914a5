// The part of the Redis module API that regear uses, declared by ourselves
// from its documentation. One .so serves Redis 7.0 to 8 and Valkey: functions
// are looked up by name when the module is loaded, and those that older
// servers lack stay null.
#pragma once

#include <cstddef>
#include <cstdint>

struct RedisModuleCtx;
struct RedisModuleString;
struct RedisModuleKey;
struct RedisModuleCallReply;
struct RedisModuleBlockedClient;
struct RedisModuleUser;
struct RedisModuleScanCursor;
struct RedisModuleCommand;
struct RedisModuleCommandFilterCtx;
struct RedisModuleCommandFilter;
struct RedisModuleInfoCtx;
struct RedisModuleServerInfoData;

namespace regear::rm {

using Ctx = RedisModuleCtx;
using String = RedisModuleString;
using Key = RedisModuleKey;
using CallReply = RedisModuleCallReply;
using BlockedClient = RedisModuleBlockedClient;
using User = RedisModuleUser;
using ScanCursor = RedisModuleScanCursor;
using Command = RedisModuleCommand;
using FilterCtx = RedisModuleCommandFilterCtx;
using Filter = RedisModuleCommandFilter;
using InfoCtx = RedisModuleInfoCtx;
using ServerInfo = RedisModuleServerInfoData;

struct StreamId {
  uint64_t ms;
  uint64_t seq;
};
struct Event {
  uint64_t id;
  uint64_t data_version;
};
struct FlushInfo {
  uint64_t version;
  int32_t sync;
  int32_t db;  // -1: all
};
struct SwapDbInfo {
  uint64_t version;
  int32_t first;
  int32_t second;
};
struct ClientInfo {
  uint64_t version;
  uint64_t flags;
  uint64_t id;
  char address[46];
  uint16_t port;
  uint16_t db;
};
struct KeyInfo {
  uint64_t version;
  Key* key;
};
struct ConfigChange {
  uint64_t version;
  uint32_t count;
  const char** names;
};

// How a command finds its keys, for SetCommandInfo.
struct CommandInfoVersion {
  int version;
  size_t history_entry;
  size_t key_spec;
  size_t argument;
};
struct CommandKeySpec {
  const char* notes;
  uint64_t flags;
  int begin_search;
  union {
    struct {
      int position;
    } index;
    struct {
      const char* keyword;
      int start_from;
    } keyword;
  } begin;
  int find_keys;
  union {
    struct {
      int last_key;
      int key_step;
      int limit;
    } range;
    struct {
      int count_index;
      int first_key;
      int key_step;
    } numbered;
  } find;
};
struct CommandInfo {
  const CommandInfoVersion* version;
  const char* summary;
  const char* complexity;
  const char* since;
  void* history;
  const char* tips;
  int arity;
  CommandKeySpec* key_specs;
  void* arguments;
};

using CommandFn = int (*)(Ctx*, String**, int);
using NotifyFn = int (*)(Ctx*, int type, const char* event, String* key);
using FilterFn = void (*)(FilterCtx*);
using ScanKeyFn = void (*)(Key*, String* field, String* value, void* data);
using ScanFn = void (*)(Ctx*, String* name, Key* key, void* data);
using EventFn = void (*)(Ctx*, Event, uint64_t subevent, void* data);
using JobFn = void (*)(Ctx*, void* data);
using FreeFn = void (*)(void* data);
using FreeReplyFn = void (*)(Ctx*, void* data);
using TimerFn = void (*)(Ctx*, void* data);
using DisconnectFn = void (*)(Ctx*, BlockedClient*);
using UserChangeFn = void (*)(uint64_t client, void* data);
using EventLoopFn = void (*)(int fd, void* data, int mask);
using InfoFn = void (*)(InfoCtx*, int for_crash_report);

inline constexpr int kOk = 0;
inline constexpr int kErr = 1;
inline constexpr int kApiVersion = 1;

inline constexpr int kEventLoopReadable = 1;

inline constexpr int kOpenRead = 1 << 0;
inline constexpr int kOpenWrite = 1 << 1;
inline constexpr int kOpenNoTouch = 1 << 16;
inline constexpr int kOpenNoEffects = 1 << 20;  // 7.2, ignored before

inline constexpr uint64_t kKeySpecRemove = 1 << 3;
inline constexpr uint64_t kKeySpecDelete = 1 << 7;
inline constexpr int kBeginSearchIndex = 2;
inline constexpr int kFindKeysRange = 2;
inline constexpr size_t kHistoryEntrySize = 16;  // two texts
inline constexpr size_t kArgumentSize = 80;      // none is declared

inline constexpr int kKeyEmpty = 0;
inline constexpr int kKeyHash = 3;
inline constexpr int kKeyModule = 6;
inline constexpr int kKeyStream = 7;

inline constexpr int kReplyString = 0;
inline constexpr int kReplyError = 1;
inline constexpr int kReplyInteger = 2;
inline constexpr int kReplyArray = 3;
inline constexpr int kReplyDouble = 8;

inline constexpr int kHashNone = 0;
inline constexpr int kStreamAddAutoId = 1 << 0;
inline constexpr int kFilterNoSelf = 1 << 0;

inline constexpr int kNotifyGeneric = 1 << 2;
inline constexpr int kNotifyString = 1 << 3;
inline constexpr int kNotifyList = 1 << 4;
inline constexpr int kNotifySet = 1 << 5;
inline constexpr int kNotifyHash = 1 << 6;
inline constexpr int kNotifyZset = 1 << 7;
inline constexpr int kNotifyExpired = 1 << 8;
inline constexpr int kNotifyEvicted = 1 << 9;
inline constexpr int kNotifyStream = 1 << 10;
inline constexpr int kNotifyKeyMiss = 1 << 11;
inline constexpr int kNotifyModule = 1 << 13;
inline constexpr int kNotifyAll =
    kNotifyGeneric | kNotifyString | kNotifyList | kNotifySet | kNotifyHash |
    kNotifyZset | kNotifyExpired | kNotifyEvicted | kNotifyStream |
    kNotifyKeyMiss | kNotifyModule;

inline constexpr int kContextLua = 1 << 0;
inline constexpr int kContextMulti = 1 << 1;
inline constexpr int kContextReplica = 1 << 3;
inline constexpr int kContextAof = 1 << 6;
inline constexpr int kContextLoading = 1 << 13;
inline constexpr int kContextDenyBlocking = 1 << 21;
inline constexpr int kContextResp3 = 1 << 22;
inline constexpr int kContextAsyncLoading = 1 << 23;
inline constexpr int kContextMayNotBlock =
    kContextMulti | kContextLua | kContextDenyBlocking;

inline constexpr int kAclLogCommand = 1;
inline constexpr int kAclLogKey = 2;

inline constexpr uint64_t kClientInMulti = 1 << 5;  // of ClientInfo

inline constexpr uint64_t kEventRoleChanged = 0;
inline constexpr uint64_t kEventFlush = 2;
inline constexpr uint64_t kEventLoading = 3;
inline constexpr uint64_t kEventClientChange = 4;
inline constexpr uint64_t kEventSwapDb = 11;
inline constexpr uint64_t kEventConfig = 16;
inline constexpr uint64_t kEventKey = 17;  // since 7.2
inline constexpr uint64_t kKeyExpired = 1;
inline constexpr uint64_t kKeyEvicted = 2;
inline constexpr uint64_t kRoleIsReplica = 1;
inline constexpr uint64_t kFlushStart = 0;
inline constexpr uint64_t kFlushEnd = 1;
inline constexpr uint64_t kLoadingEnded = 3;
inline constexpr uint64_t kClientDisconnected = 1;

// X(return type, name, arguments): resolved as "RedisModule_<name>".
#define REGEAR_REQUIRED_API(X)                                               \
  X(void, SetModuleAttribs, (Ctx*, const char*, int, int))                   \
  X(int, CreateCommand,                                                      \
    (Ctx*, const char*, CommandFn, const char*, int, int, int))              \
  X(String*, CreateString, (Ctx*, const char*, size_t))                      \
  X(void, FreeString, (Ctx*, String*))                                       \
  X(void, RetainString, (Ctx*, String*))                                     \
  X(const char*, StringPtrLen, (const String*, size_t*))                     \
  X(int, WrongArity, (Ctx*))                                                 \
  X(int, ReplyWithError, (Ctx*, const char*))                                \
  X(int, ReplyWithSimpleString, (Ctx*, const char*))                         \
  X(int, ReplyWithArray, (Ctx*, long))                                       \
  X(int, ReplyWithNull, (Ctx*))                                              \
  X(int, ReplyWithStringBuffer, (Ctx*, const char*, size_t))                 \
  X(int, ReplyWithString, (Ctx*, String*))                                   \
  X(int, ReplyWithLongLong, (Ctx*, long long))                               \
  X(int, ReplyWithDouble, (Ctx*, double))                                    \
  X(int, ReplyWithCallReply, (Ctx*, CallReply*))                             \
  X(CallReply*, Call, (Ctx*, const char*, const char*, ...))                 \
  X(void, FreeCallReply, (CallReply*))                                       \
  X(int, CallReplyType, (CallReply*))                                        \
  X(const char*, CallReplyProto, (CallReply*, size_t*))                      \
  X(long long, CallReplyInteger, (CallReply*))                               \
  X(size_t, CallReplyLength, (CallReply*))                                   \
  X(CallReply*, CallReplyArrayElement, (CallReply*, size_t))                 \
  X(double, CallReplyDouble, (CallReply*))                                   \
  X(const char*, CallReplyStringPtr, (CallReply*, size_t*))                  \
  X(Key*, OpenKey, (Ctx*, String*, int))                                     \
  X(void, CloseKey, (Key*))                                                  \
  X(int, KeyType, (Key*))                                                    \
  X(const String*, GetKeyNameFromModuleKey, (Key*))                          \
  X(int, HashGet, (Key*, int, ...))                                          \
  X(int, StreamAdd, (Key*, int, StreamId*, String**, long))                  \
  X(long long, StreamTrimByID, (Key*, int, StreamId*))                       \
  X(size_t, ValueLength, (Key*))                                             \
  X(ScanCursor*, ScanCursorCreate, ())                                       \
  X(void, ScanCursorDestroy, (ScanCursor*))                                  \
  X(int, ScanKey, (Key*, ScanCursor*, ScanKeyFn, void*))                     \
  X(int, Replicate, (Ctx*, const char*, const char*, ...))                   \
  X(int, SelectDb, (Ctx*, int))                                              \
  X(int, GetSelectedDb, (Ctx*))                                              \
  X(int, GetContextFlags, (Ctx*))                                            \
  X(int, SubscribeToKeyspaceEvents, (Ctx*, int, NotifyFn))                   \
  X(int, SubscribeToServerEvent, (Ctx*, Event, EventFn))                     \
  X(int, Scan, (Ctx*, ScanCursor*, ScanFn, void*))                           \
  X(Filter*, RegisterCommandFilter, (Ctx*, FilterFn, int))                   \
  X(int, CommandFilterArgsCount, (FilterCtx*))                               \
  X(String*, CommandFilterArgGet, (FilterCtx*, int))                         \
  X(int, CommandFilterArgInsert, (FilterCtx*, int, String*))                 \
  X(Command*, GetCommand, (Ctx*, const char*))                               \
  X(int, SetCommandInfo, (Command*, const CommandInfo*))                     \
  X(BlockedClient*, BlockClient,                                             \
    (Ctx*, CommandFn, CommandFn, FreeReplyFn, long long))                    \
  X(int, UnblockClient, (BlockedClient*, void*))                             \
  X(BlockedClient*, GetBlockedClientHandle, (Ctx*))                          \
  X(void, SetDisconnectCallback, (BlockedClient*, DisconnectFn))             \
  X(Ctx*, GetThreadSafeContext, (BlockedClient*))                            \
  X(Ctx*, GetDetachedThreadSafeContext, (Ctx*))                              \
  X(void, FreeThreadSafeContext, (Ctx*))                                     \
  X(unsigned long long, GetClientId, (Ctx*))                                 \
  X(String*, GetClientUserNameById, (Ctx*, uint64_t))                        \
  X(User*, GetModuleUserFromUserName, (String*))                             \
  X(User*, CreateModuleUser, (const char*))                                  \
  X(int, SetModuleUserACL, (User*, const char*))                             \
  X(int, AuthenticateClientWithUser,                                         \
    (Ctx*, User*, UserChangeFn, void*, uint64_t*))                           \
  X(int, EventLoopAdd, (int, int, EventLoopFn, void*))                       \
  X(int, EventLoopDel, (int, int))                                           \
  X(void, FreeModuleUser, (User*))                                           \
  X(int, ACLCheckCommandPermissions, (User*, String**, int))                 \
  X(int, ACLAddLogEntry, (Ctx*, User*, String*, int reason))                 \
  X(int*, GetCommandKeys, (Ctx*, String**, int, int*))                       \
  X(void, Free, (void*))                                                     \
  X(int, GetClientInfoById, (void*, uint64_t))                               \
  X(void, Log, (Ctx*, const char*, const char*, ...))                        \
  X(long long, Milliseconds, ())                                             \
  X(uint64_t, CreateTimer, (Ctx*, long long, TimerFn, void*))                \
  X(int, StopTimer, (Ctx*, uint64_t, void**))                                \
  X(int, RegisterInfoFunc, (Ctx*, InfoFn))                                   \
  X(int, InfoAddSection, (InfoCtx*, const char*))                            \
  X(int, InfoAddFieldULongLong, (InfoCtx*, const char*, unsigned long long)) \
  X(int, InfoAddFieldCString, (InfoCtx*, const char*, const char*))          \
  X(int, InfoBeginDictField, (InfoCtx*, const char*))                        \
  X(int, InfoEndDictField, (InfoCtx*))                                       \
  X(ServerInfo*, GetServerInfo, (Ctx*, const char*))                         \
  X(void, FreeServerInfo, (Ctx*, ServerInfo*))                               \
  X(unsigned long long, ServerInfoGetFieldUnsigned,                          \
    (ServerInfo*, const char*, int*))                                        \
  X(int, GetServerVersion, ())                                               \
  X(void*, GetSharedAPI, (Ctx*, const char*))

// Since Redis 7.2 (Valkey 7.2).
#define REGEAR_OPTIONAL_API(X)                                  \
  X(int, AddPostNotificationJob, (Ctx*, JobFn, void*, FreeFn))  \
  X(unsigned long long, CommandFilterGetClientId, (FilterCtx*)) \
  X(int, SetCommandACLCategories, (Command*, const char*))

#define REGEAR_DECLARE_API(result, name, arguments) \
  extern result(*name) arguments;
REGEAR_REQUIRED_API(REGEAR_DECLARE_API)
REGEAR_OPTIONAL_API(REGEAR_DECLARE_API)
#undef REGEAR_DECLARE_API

// Looks every function up; returns the name of a required one that the server
// lacks, or null. Call it first in RedisModule_OnLoad.
const char* ResolveApi(Ctx* ctx);

}  // namespace regear::rm
