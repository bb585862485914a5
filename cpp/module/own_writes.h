// Tells the module's own writes to its keys from those of others.
#pragma once

namespace regear {

// While one lives, key events are caused by the module. Main thread only.
class OwnWrites {
 public:
  OwnWrites() { ++depth; }
  ~OwnWrites() { --depth; }
  OwnWrites(const OwnWrites&) = delete;
  OwnWrites& operator=(const OwnWrites&) = delete;

  static bool Running() { return depth > 0; }

 private:
  static inline int depth = 0;
};

}  // namespace regear
