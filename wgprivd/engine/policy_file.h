// What the engine has accepted as its policy, in STATE/policy. Leaves what may be accepted to policy.h.
#pragma once

#include "common/engine_record.h"
#include "wgprivd/engine/state_file.h"

namespace wghub {

/// The accepted policy; fixed from the first peer on (D25).
struct AcceptedPolicy {
  EnginePolicy policy;
  bool fixed = false;
};

/// Owns the file. Shape: magic, fixed, EnginePolicy, SHA-256 of all before.
class PolicyFile {
 public:
  static constexpr const char* kFile = "policy";

  /// Errors: DamagedState when the file is not as we wrote it.
  explicit PolicyFile(const StateDirectory& directory);

  const std::optional<AcceptedPolicy>& current() const { return current_; }

  /// Replaces the policy, on disk first; false when the disk said no.
  bool store(const AcceptedPolicy& accepted);

 private:
  const StateDirectory& directory_;
  std::optional<AcceptedPolicy> current_;
};

}  // namespace wghub
