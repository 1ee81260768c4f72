// What went wrong in the database, told apart by what has to follow. Only for the stores: callers of Database see
// Error.
#pragma once

#include <stdexcept>
#include <string>

namespace wghub::store {

enum class FaultKind {
  busy,   ///< another process holds the lock: ask again
  full,   ///< no space: nothing was written, it may work later
  io,     ///< the storage failed: what reached the disk is unknown
  other,  ///< a broken rule of the schema, a programming error
};

/// Thrown by every statement that fails. The text names the cause and no value.
class Fault : public std::runtime_error {
 public:
  Fault(FaultKind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  FaultKind kind() const { return kind_; }

 private:
  FaultKind kind_;
};

}  // namespace wghub::store
