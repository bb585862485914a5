#include "module/hash_write.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "module/hash_options.h"
#include "module/text.h"

namespace regear {

namespace {

constexpr char kWrongType[] =
    "WRONGTYPE Operation against a key holding the wrong kind of value";

struct Name {
  std::string_view text;
  ThroughCommand command;
};
constexpr std::array<Name, 10> kNames = {{
    {"hset", ThroughCommand::kHset},
    {"hmset", ThroughCommand::kHset},
    {"hsetnx", ThroughCommand::kHsetnx},
    {"hincrby", ThroughCommand::kHincrby},
    {"hincrbyfloat", ThroughCommand::kHincrbyfloat},
    {"hsetex", ThroughCommand::kHsetex},
    {"hdel", ThroughCommand::kHdel},
    {"hgetdel", ThroughCommand::kHgetdel},
    {"del", ThroughCommand::kDelete},
    {"unlink", ThroughCommand::kDelete},
}};

StringPtr Get(rm::Key* key, rm::String* field) {
  rm::String* value = nullptr;
  if (key != nullptr) {
    rm::HashGet(key, rm::kHashNone, field, &value, nullptr);
  }
  return StringPtr(value);
}

// As Redis reads floats; nothing for NaN either.
std::optional<long double> ParseFloat(std::string_view text) {
  const std::string copy(text);
  if (copy.empty() || std::isspace(static_cast<unsigned char>(copy[0]))) {
    return std::nullopt;
  }
  char* end = nullptr;
  errno = 0;
  const long double number = std::strtold(copy.c_str(), &end);
  const bool in_range =
      errno != ERANGE ||
      (number != HUGE_VALL && number != -HUGE_VALL && number != 0);
  if (end != copy.c_str() + copy.size() || !in_range || std::isnan(number)) {
    return std::nullopt;
  }
  return number;
}

void Set(KeyWrite* write, rm::String* field, StringPtr value) {
  // That of HSET is not among its fields any more.
  if (View(field) == "#") {
    write->error =
        "WRITETHROUGH the field '#' is an operation of HSET, nothing was "
        "written";
  }
  const auto same = [&](const KeyWrite::Pair& pair) {
    return View(pair.field.get()) == View(field);
  };
  std::erase_if(write->set, same);
  write->set.push_back({Share(field), std::move(value)});
}

void Increment(KeyWrite* write, rm::Key* key, rm::String* field,
               std::string_view by) {
  const auto delta = ParseInteger(by);
  if (!delta) {
    write->error = "ERR value is not an integer or out of range";
    return;
  }
  const StringPtr stored = Get(key, field);
  const auto value = stored == nullptr ? 0 : ParseInteger(View(stored.get()));
  if (!value) {
    write->error = "ERR hash value is not an integer";
    return;
  }
  long long sum = 0;
  if (__builtin_add_overflow(*value, *delta, &sum)) {
    write->error = "ERR increment or decrement would overflow";
    return;
  }
  Set(write, field, MakeString(std::to_string(sum)));
}

// As Redis writes the result of HINCRBYFLOAT: 17 digits behind the point, and
// no zeros at their end.
std::string FloatText(long double number) {
  std::array<char, 5120> buffer;
  const int length =
      std::snprintf(buffer.data(), buffer.size(), "%.17Lf", number);
  std::string text(buffer.data(), static_cast<size_t>(length));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

void IncrementFloat(KeyWrite* write, rm::Key* key, rm::String* field,
                    std::string_view by) {
  const auto delta = ParseFloat(by);
  if (!delta) {
    write->error = "ERR value is not a valid float";
    return;
  }
  if (std::isinf(*delta)) {
    write->error = "ERR value is NaN or Infinity";
    return;
  }
  const StringPtr stored = Get(key, field);
  const auto value = stored == nullptr ? 0.0L : ParseFloat(View(stored.get()));
  if (!value) {
    write->error = "ERR hash value is not a float";
    return;
  }
  const long double sum = *value + *delta;
  if (std::isnan(sum) || std::isinf(sum)) {
    write->error = "ERR increment would produce NaN or Infinity";
    return;
  }
  Set(write, field, MakeString(FloatText(sum)));
}

// The fields at words[first], words[first + step] …
void Remove(KeyWrite* write, rm::Key* key, const std::vector<StringPtr>& words,
            size_t first, size_t step = 1) {
  for (size_t i = first; i < words.size(); i += step) {
    rm::String* field = words[i].get();
    const bool named = std::any_of(write->cleared.begin(), write->cleared.end(),
                                   [&](const StringPtr& cleared) {
                                     return View(cleared.get()) == View(field);
                                   });
    StringPtr value = named ? nullptr : Get(key, field);
    if (value != nullptr) write->cleared.push_back(Share(field));
    write->values.push_back(std::move(value));
  }
  write->deletes =
      !write->cleared.empty() && write->cleared.size() == rm::ValueLength(key);
}

void SetWithExpiry(KeyWrite* write, rm::Key* key,
                   const std::vector<StringPtr>& words) {
  HsetexOptions options = ParseHsetex(words, rm::Milliseconds());
  write->error = options.error;
  if (!write->error.empty()) return;
  for (size_t i = options.first_field; i < words.size(); i += 2) {
    const bool is_there = Get(key, words[i].get()) != nullptr;
    if (is_there ? options.if_none : options.if_all) return;
  }
  if (options.is_past) {
    Remove(write, key, words, options.first_field, 2);
    return;
  }
  for (size_t i = options.first_field; i < words.size(); i += 2) {
    Set(write, words[i].get(), Share(words[i + 1].get()));
  }
  write->expiry = std::move(options.expiry);
}

}  // namespace

ThroughCommand ThroughCommandNamed(std::string_view name) {
  for (const Name& known : kNames) {
    if (SameIgnoringCase(known.text, name)) return known.command;
  }
  constexpr std::string_view kJson = "json.";
  if (SameIgnoringCase(name.substr(0, kJson.size()), kJson)) {
    return ThroughCommand::kDocument;
  }
  return ThroughCommand::kNone;
}

bool HasArityOf(ThroughCommand command, size_t count) {
  switch (command) {
    case ThroughCommand::kHset:
      return count >= 4 && count % 2 == 0;
    case ThroughCommand::kHdel:
      return count >= 3;
    case ThroughCommand::kDelete:
      return count >= 2;
    case ThroughCommand::kHsetex:
      return count >= 6;
    case ThroughCommand::kHgetdel:
      return count >= 5;
    case ThroughCommand::kDocument:
      return count >= 2;  // the command itself knows more
    default:
      return count == 4;
  }
}

KeyWrite Foresee(rm::Ctx* ctx, ThroughCommand command,
                 const std::vector<StringPtr>& words) {
  KeyWrite write;
  const KeyPtr key(rm::OpenKey(ctx, words[1].get(), rm::kOpenRead));
  const int type = key == nullptr ? rm::kKeyEmpty : rm::KeyType(key.get());
  if (command == ThroughCommand::kDelete) {
    write.deletes = true;  // the row may be there without the key
    return write;
  }
  if (type != rm::kKeyEmpty && type != rm::kKeyHash) {
    write.error = kWrongType;
    return write;
  }
  rm::Key* hash = type == rm::kKeyHash ? key.get() : nullptr;
  switch (command) {
    case ThroughCommand::kHset:
      for (size_t i = 2; i + 1 < words.size(); i += 2) {
        Set(&write, words[i].get(), Share(words[i + 1].get()));
      }
      break;
    case ThroughCommand::kHsetnx:
      if (Get(hash, words[2].get()) == nullptr) {
        Set(&write, words[2].get(), Share(words[3].get()));
      }
      break;
    case ThroughCommand::kHincrby:
      Increment(&write, hash, words[2].get(), View(words[3].get()));
      break;
    case ThroughCommand::kHincrbyfloat:
      IncrementFloat(&write, hash, words[2].get(), View(words[3].get()));
      break;
    case ThroughCommand::kHsetex:
      SetWithExpiry(&write, hash, words);
      break;
    case ThroughCommand::kHgetdel:
      write.error = HgetdelError(words);
      if (write.error.empty()) Remove(&write, hash, words, 4);
      break;
    default:
      Remove(&write, hash, words, 2);
  }
  return write;
}

}  // namespace regear
