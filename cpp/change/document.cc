#include "change/document.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>

namespace regear {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Walks over a text that is known to be JSON.
class Cursor {
 public:
  explicit Cursor(std::string_view json) : rest_(json) {
    if (rest_.starts_with(kByteOrderMark)) {
      rest_.remove_prefix(kByteOrderMark.size());
    }
  }

  // The next character that is no blank; 0 at the end.
  char Next() {
    const size_t blanks = rest_.find_first_not_of(" \t\n\r");
    rest_.remove_prefix(std::min(blanks, rest_.size()));
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool Take(char expected) {
    if (Next() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A string with its quotes, or any value.
  std::string_view TakeString() {
    (void)Next();
    return Cut(StringEnd(0));
  }
  std::string_view TakeValue() {
    const char first = Next();
    if (first == '"') return Cut(StringEnd(0));
    if (first == '{' || first == '[') return Cut(NestedEnd());
    return Cut(rest_.find_first_of(",]} \t\n\r"));
  }

  const char* place() const { return rest_.data(); }

 private:
  std::string_view Cut(size_t size) {
    const std::string_view cut = rest_.substr(0, size);
    rest_.remove_prefix(cut.size());
    return cut;
  }
  // Behind the string that begins at `start`.
  size_t StringEnd(size_t start) const {
    size_t i = start + 1;
    while (i < rest_.size() && rest_[i] != '"') i += rest_[i] == '\\' ? 2 : 1;
    return i + 1;
  }
  size_t NestedEnd() const {
    size_t depth = 0;
    for (size_t i = 0; i < rest_.size();) {
      i = std::min(rest_.find_first_of("\"{}[]", i), rest_.size());
      if (i == rest_.size()) break;
      if (rest_[i] == '"') {
        i = StringEnd(i);
        continue;
      }
      const bool opens = rest_[i] == '{' || rest_[i] == '[';
      ++i;
      if (opens) {
        ++depth;
      } else if (--depth == 0) {
        return i;
      }
    }
    return rest_.size();
  }

  std::string_view rest_;
};

// What a string with its quotes says.
std::string_view TextOf(std::string_view quoted,
                        std::deque<std::string>* owned) {
  if (quoted.find('\\') == std::string_view::npos) {
    return quoted.substr(1, quoted.size() - 2);
  }
  auto text = nlohmann::json::parse(quoted.begin(), quoted.end(), nullptr,
                                    /*allow_exceptions=*/false);
  if (!text.is_string()) return {};
  return owned->emplace_back(std::move(text.get_ref<std::string&>()));
}

}  // namespace

class DocumentWalk {
 public:
  using Node = DocumentPaths::Node;

  DocumentWalk(std::span<Cell> cells, std::deque<std::string>* owned)
      : cells_(cells), owned_(owned) {}

  // Recursion is as deep as the longest path at most.
  void Value(const Node& node, Cursor* cursor) {
    const char first = cursor->Next();
    const char* const start = cursor->place();
    if (first == '{' && !node.members.empty()) {
      Object(node, cursor);
    } else if (first == '[' && !node.elements.empty()) {
      Array(node, cursor);
    } else {
      cursor->TakeValue();
    }
    if (node.found.empty()) return;
    Found(node, {start, static_cast<size_t>(cursor->place() - start)});
  }

 private:
  void Object(const Node& node, Cursor* cursor) {
    cursor->Take('{');
    while (cursor->Next() == '"') {
      const std::string_view name = TextOf(cursor->TakeString(), owned_);
      cursor->Take(':');
      Child(node.members, cursor,
            [&](const JsonStep& step) { return step.member == name; });
      cursor->Take(',');
    }
    cursor->Take('}');
  }

  void Array(const Node& node, Cursor* cursor) {
    cursor->Take('[');
    for (size_t i = 0; !cursor->Take(']'); ++i) {
      if (cursor->Next() == '\0') return;
      Child(node.elements, cursor,
            [&](const JsonStep& step) { return step.index == i; });
      cursor->Take(',');
    }
  }

  template <typename IsStep>
  void Child(const std::vector<Node>& children, Cursor* cursor,
             IsStep is_step) {
    const auto child =
        std::find_if(children.begin(), children.end(),
                     [&](const Node& node) { return is_step(node.step); });
    if (child != children.end()) {
      Value(*child, cursor);
    } else {
      cursor->TakeValue();
    }
  }

  void Found(const Node& node, std::string_view json) {
    if (json == "null") return;
    const std::string_view value =
        json.starts_with('"') ? TextOf(json, owned_) : json;
    for (const size_t path : node.found) {
      cells_[path] = {CellState::kValue, value};
    }
  }

  const std::span<Cell> cells_;
  std::deque<std::string>* const owned_;
};

Result<DocumentPaths> DocumentPaths::Make(std::span<const std::string> paths) {
  DocumentPaths made;
  for (const std::string& text : paths) {
    auto path = ParseJsonPath(text);
    if (!path.ok()) return path.status();
    Node* node = &made.root_;
    for (JsonStep& step : *path) {
      auto& children = step.is_index ? node->elements : node->members;
      auto child =
          std::find_if(children.begin(), children.end(),
                       [&](const Node& other) { return other.step == step; });
      if (child == children.end()) {
        children.push_back({std::move(step), {}, {}, {}});
        child = std::prev(children.end());
      }
      node = &*child;
    }
    node->found.push_back(made.size_++);
  }
  return made;
}

void DocumentPaths::Find(std::string_view document, std::span<Cell> cells,
                         std::deque<std::string>* owned) const {
  Cursor cursor(document);
  DocumentWalk(cells, owned).Value(root_, &cursor);
}

std::optional<std::string> FaultOfJson(std::string_view document) {
  const char* const start = document.data();
  const char* const end = start + document.size();
  if (nlohmann::json::accept(start, end)) return std::nullopt;
  try {
    std::ignore = nlohmann::json::parse(start, end);
  } catch (const nlohmann::json::parse_error& error) {
    return "the document is no JSON at byte " + std::to_string(error.byte);
  } catch (const nlohmann::json::exception&) {  // a number beyond a double
  }
  return "the document is no JSON that can be read";
}

std::vector<std::string_view> ElementsOf(std::string_view json) {
  std::vector<std::string_view> elements;
  Cursor cursor(json);
  if (!cursor.Take('[')) return elements;
  while (!cursor.Take(']') && cursor.Next() != '\0') {
    elements.push_back(cursor.TakeValue());
    cursor.Take(',');
  }
  return elements;
}

FoldedBatch FoldDocuments(const ChangeBatch& batch, const RowMapping& mapping,
                          FoldMode mode, Position after) {
  const DocumentMapping& documents = *mapping.documents;
  const RowMapping whole = {
      mapping.key_prefix, {{documents.field, ""}}, mapping.key_template};
  const FoldedBatch texts = Fold(batch, whole, mode, after);
  FoldedBatch folded(documents.paths.size(), &mapping.key_template);
  folded.Reserve(texts.size());
  auto owned = std::make_shared<std::deque<std::string>>();
  for (size_t i = 0; i < texts.size(); ++i) {
    Row row = texts.row(i);
    if (mapping.key_template.plain()) row.fits_template = true;
    const bool deleted = row.operation == Operation::kDelete;
    if (!deleted) {  // a document tells the whole row
      row.operation = Operation::kReplace;
      row.replaced = row.last;
    }
    folded.AddRow(row);
    if (deleted) continue;
    const Cell& document = texts.cells(i).front();
    for (Cell& cell : folded.cells(i)) cell.state = CellState::kDefault;
    auto fault = document.state == CellState::kValue
                     ? FaultOfJson(document.value)
                     : std::optional<std::string>("there is no document");
    if (fault) {
      folded.SetUnfit(i, owned->emplace_back(*std::move(fault)));
    } else {
      documents.paths.Find(document.value, folded.cells(i), owned.get());
    }
  }
  folded.CountChanges(texts.changes(), texts.last());
  folded.Keep(std::move(owned));
  return folded;
}

}  // namespace regear
