// What the engine has accepted as its policy, in STATE/policy. Leaves what may be accepted to policy.h.
#pragma once

#include "common/engine_record.h"
#include "common/state_directory.h"

namespace wghub {

/// The accepted policy, also the file's content; fixed from the first peer on (D25).
struct AcceptedPolicy {
  std::array<char, 12> header = {'W', 'G', 'H', 'U', 'B', 'P', 'O', 'L', 'I', 'C', 'Y', '1'};
  std::uint32_t fixed = 0;
  EnginePolicy policy;
  Digest checksum{};
};

class PolicyFile {
 public:
  /// Errors: DamagedState when the file is not as we wrote it.
  explicit PolicyFile(const StateDirectory& directory)
      : directory_(directory), current_(directory.read_checked<AcceptedPolicy>("policy")) {}

  const std::optional<AcceptedPolicy>& current() const { return current_; }

  /// Replaces the policy, on disk first; false when the disk said no.
  bool store(const EnginePolicy& policy, bool fixed) {
    AcceptedPolicy accepted{.fixed = fixed, .policy = policy};
    const bool stored = directory_.replace_checked("policy", accepted);
    if (stored) current_ = accepted;
    return stored;
  }

 private:
  const StateDirectory& directory_;
  std::optional<AcceptedPolicy> current_;
};

}  // namespace wghub
