#include "module/operations.h"

#include <utility>

#include "module/ack.h"

namespace regear {

Operation* Operations::Obey(const std::shared_ptr<CaptureRule>& rule,
                            rm::String* key, std::string_view value,
                            uint64_t event, uint64_t unit) {
  std::string place = std::to_string(rule->db()).append(":").append(View(key));
  Operation*& newest = newest_[std::move(place)];
  if (newest != nullptr && newest->value == value) {
    if (newest->event != event) return nullptr;
    newest->rules.push_back(rule);  // the same event, captured by two rules
    return newest;
  }
  auto operation = std::make_unique<Operation>();
  operation->key = Share(key);
  operation->db = rule->db();
  operation->value = value;
  operation->event = event;
  operation->unit = unit;
  operation->rules.push_back(rule);
  newest = operation.get();
  operations_.push_back(std::move(operation));
  return newest;
}

std::vector<std::unique_ptr<Operation>> Operations::Take() {
  newest_.clear();
  return std::exchange(operations_, {});
}

void Consume(rm::Ctx* ctx, const Operation& operation) {
  const DatabaseScope database(ctx, operation.db);
  rm::String* key = operation.key.get();
  const CallReplyPtr reply(operation.deletes_key()
                               ? rm::Call(ctx, "DEL", "!s", key)
                               : rm::Call(ctx, "HDEL", "!sc", key, "#"));
  // For deleting both, the entry of the delete carries the ack.
  const bool entrusted = operation.entrusted || operation.sign() == '~';
  if (operation.ack().empty() || entrusted) return;
  const StringPtr stream = MakeString(
      std::string("{").append(View(key)).append("}").append(operation.ack()));
  if (operation.known()) {
    SendAck(ctx, stream.get(), "done", "");
  } else {
    SendAck(ctx, stream.get(), "failed",
            std::string("unknown operation ").append(1, operation.sign()));
  }
}

}  // namespace regear
