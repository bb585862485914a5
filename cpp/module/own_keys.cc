#include "module/own_keys.h"

#include <string>
#include <string_view>

#include "module/handles.h"

namespace regear {

namespace {

void MoveHome(rm::Ctx* ctx, std::string_view key) {
  if (key.empty()) return;
  const CallReplyPtr reply(
      rm::Call(ctx, "MOVE", "!bc", key.data(), key.size(), "0"));
}

}  // namespace

bool OwnKeys::OnSwapDb(int first, int second) {
  if (db_ == first) {
    db_ = second;
  } else if (db_ == second) {
    db_ = first;
  }
  return db_ != 0;
}

void OwnKeys::BringBack(rm::Ctx* ctx) {
  if (db_ == 0) return;
  const DatabaseScope database(ctx, db_);
  db_ = 0;
  moving_ = true;
  MoveHome(ctx, Registry::kKey);
  for (const auto& [id, registration] : registry_.registrations()) {
    for (const char* key : {"stream", "dead", "parked", "dirty"}) {
      MoveHome(ctx, registration.Text(key));
    }
  }
  moving_ = false;
}

}  // namespace regear
