#include "engine/through_journal.h"

#include <optional>

namespace regear {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool IsPlain(char c) { return c > ' ' && c < '\x7f' && c != '%'; }

void AppendWord(std::string* text, std::string_view word) {
  *text += ' ';
  if (word.empty()) *text += '%';
  for (const char c : word) {
    if (IsPlain(c)) {
      *text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    *text += '%';
    *text += kHex[byte >> 4];
    *text += kHex[byte & 15];
  }
}

std::optional<std::string> DecodeWord(std::string_view word) {
  std::string decoded;
  if (word == "%") return decoded;
  decoded.reserve(word.size());
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      decoded += word[i];
      continue;
    }
    if (i + 2 >= word.size()) return std::nullopt;
    const size_t high = kHex.find(word[i + 1]);
    const size_t low = kHex.find(word[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return std::nullopt;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

// Cuts off and returns what stands before the next `end` of `rest`.
std::string_view Next(std::string_view* rest, char end) {
  const size_t place = rest->find(end);
  const std::string_view part = rest->substr(0, place);
  *rest = place == std::string_view::npos ? std::string_view()
                                          : rest->substr(place + 1);
  return part;
}

Status NotOurs() {
  return Status(StatusCode::kStop,
                "the journal holds what was not written by regear",
                "name another journal table, or empty this one");
}

}  // namespace

std::string EncodeJournal(std::string_view token, const ChangeBatch& group) {
  std::string text(token);
  text.reserve(token.size() + group.bytes() + 64 * group.size());
  for (const Change& change : group.changes()) {
    text += '\n';
    text += change.position.ToString();
    AppendWord(&text, change.real_key);
    AppendWord(&text, {reinterpret_cast<const char*>(&change.operation), 1});
    AppendWord(&text, std::to_string(change.cleared_count));
    for (const std::string_view field : group.Cleared(change)) {
      AppendWord(&text, field);
    }
    AppendWord(&text, std::to_string(change.field_count));
    for (const FieldValue& pair : group.Fields(change)) {
      AppendWord(&text, pair.field);
      AppendWord(&text, pair.value);
    }
  }
  return text;
}

Result<ThroughJournal> DecodeJournal(std::string_view text) {
  ThroughJournal journal;
  journal.token = Next(&text, '\n');
  while (!text.empty()) {
    std::string_view line = Next(&text, '\n');
    ++journal.parts;
    while (!line.empty()) {
      auto word = DecodeWord(Next(&line, ' '));
      if (!word) return NotOurs();
      journal.words.push_back(*std::move(word));
    }
  }
  return journal;
}

}  // namespace regear
