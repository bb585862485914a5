#include "module/key_sweep.h"

namespace regear {

namespace {

// Runs inside the server's scan, through which no exception may pass.
void Visit(rm::Ctx*, rm::String* name, rm::Key* key, void* data) noexcept {
  const int type = key == nullptr ? rm::kKeyHash : rm::KeyType(key);
  if (type != rm::kKeyHash && type != rm::kKeyModule) return;
  (*static_cast<const std::function<void(rm::String*)>*>(data))(name);
}

}  // namespace

void ForEachHashOrDocument(rm::Ctx* ctx, int db,
                           const std::function<void(rm::String*)>& visit) {
  const DatabaseScope database(ctx, db);
  const ScanCursorPtr cursor(rm::ScanCursorCreate());
  void* data = const_cast<std::function<void(rm::String*)>*>(&visit);
  while (rm::Scan(ctx, cursor.get(), Visit, data)) {
  }
}

}  // namespace regear
