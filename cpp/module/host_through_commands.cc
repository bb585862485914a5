#include "module/host_through_commands.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/module_state.h"
#include "module/stream_id.h"
#include "module/write_through.h"

namespace regear {

namespace {

// Takes arguments one after another.
class Cursor {
 public:
  Cursor(const CommandArguments& arguments, size_t next)
      : arguments_(arguments), next_(next) {}

  std::string_view Text() { return arguments_.Text(Next()); }
  uint64_t Number() { return arguments_.Number(Next()); }
  StringPtr String() { return Share(arguments_.String(Next())); }

 private:
  size_t Next() {
    if (next_ >= arguments_.size()) {
      throw std::invalid_argument("a journal ends too early");
    }
    return next_++;
  }

  const CommandArguments& arguments_;
  size_t next_;
};

ThroughPart ReadPart(Cursor* cursor, bool documents) {
  ThroughPart part;
  part.id = ParseStreamId(cursor->Text());
  part.key = cursor->String();
  part.write.deletes = cursor->Text() == "~";
  part.write.document = documents && !part.write.deletes;
  for (uint64_t left = cursor->Number(); left > 0; --left) {
    part.write.cleared.push_back(cursor->String());
  }
  for (uint64_t left = cursor->Number(); left > 0; --left) {
    StringPtr field = cursor->String();
    part.write.set.push_back({std::move(field), cursor->String()});
  }
  return part;
}

// [stream, id, …]: how far each change stream has come.
std::vector<std::string> StreamPositions() {
  std::vector<std::string> positions;
  for (const auto& [id, registration] : State().registry.registrations()) {
    if (registration.through()) continue;
    const std::string stream = registration.Text("stream");
    const ChangeStream* found = State().backlog.Find(stream);
    if (found == nullptr) continue;
    positions.insert(positions.end(), {stream, Text(found->last)});
  }
  return positions;
}

}  // namespace

int HostRecover(rm::Ctx* ctx, const CommandArguments& arguments) {
  Cursor cursor(arguments, 2);
  const bool documents =
      State().registry.Named(arguments.Text(1)).rule->documents();
  std::vector<RecoveredLane> lanes;
  for (uint64_t left = cursor.Number(); left > 0; --left) {
    RecoveredLane lane;
    lane.lane = cursor.Number();
    lane.position = ParseStreamId(cursor.Text());
    lane.token = cursor.Text();
    for (uint64_t parts = cursor.Number(); parts > 0; --parts) {
      lane.journal.push_back(ReadPart(&cursor, documents));
    }
    lanes.push_back(std::move(lane));
  }
  State().through.Recover(ctx, arguments.Text(1), lanes);
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int HostThrough(rm::Ctx* ctx, const CommandArguments& arguments) {
  constexpr uint64_t kMaxBlockMs = 60'000;
  return State().through.Read(
      ctx, arguments.Text(1), arguments.Number(2), arguments.Number(3),
      static_cast<long long>(std::min(arguments.Number(4), kMaxBlockMs)),
      ParseStreamId(arguments.Text(5)));
}

// Where somebody needs to know how far the streams had come, this cannot wait
// for the next group.
int HostSettle(rm::Ctx* ctx, const CommandArguments& arguments) {
  if (!StreamPositions().empty()) {
    return rm::ReplyWithError(ctx, "APART there are change streams");
  }
  State().through.Commit(ctx, arguments.Text(1), arguments.Number(2),
                         ParseStreamId(arguments.Text(6)), arguments.Text(7));
  return HostThrough(ctx, arguments);
}

// What the streams hold up to now is older than what is applied.
int HostCommitted(rm::Ctx* ctx, const CommandArguments& arguments) {
  const std::vector<std::string> positions = StreamPositions();
  State().through.Commit(ctx, arguments.Text(1), arguments.Number(2),
                         ParseStreamId(arguments.Text(3)), arguments.Text(4));
  ReplyTexts(ctx, positions);
  return rm::kOk;
}

int HostRefused(rm::Ctx* ctx, const CommandArguments& arguments) {
  State().through.Refuse(ctx, arguments.Text(1), arguments.Number(2),
                         ParseStreamId(arguments.Text(3)), arguments.Text(4));
  return rm::ReplyWithSimpleString(ctx, "OK");
}

}  // namespace regear
