// What the engine has accepted as its policy, in STATE/policy. Leaves what may be accepted to policy.h.
#pragma once

#include "common/engine_record.h"
#include "wgprivd/engine/state_file.h"

namespace wghub {

/// The accepted policy, also the file's content; fixed from the first peer on (D25).
struct AcceptedPolicy {
  std::array<char, 12> magic = {'W', 'G', 'H', 'U', 'B', 'P', 'O', 'L', 'I', 'C', 'Y', '1'};
  std::uint32_t fixed = 0;
  EnginePolicy policy;
  Digest checksum{};
};

class PolicyFile {
 public:
  /// Errors: DamagedState when the file is not as we wrote it.
  explicit PolicyFile(const StateDirectory& directory)
      : directory_(directory), current_(directory.read_record<AcceptedPolicy>("policy")) {
    const bool sound =
        !current_ || (current_->checksum == checksum_of(*current_) && current_->magic == AcceptedPolicy{}.magic);
    if (!sound) throw DamagedState("policy: changed");
  }

  const std::optional<AcceptedPolicy>& current() const { return current_; }

  /// Replaces the policy, on disk first; false when the disk said no.
  bool store(const EnginePolicy& policy, bool fixed) {
    AcceptedPolicy accepted{.fixed = fixed, .policy = policy};
    accepted.checksum = checksum_of(accepted);
    const bool stored{directory_.replace("policy", bytes_of(accepted))};
    if (stored) current_ = accepted;
    return stored;
  }

 private:
  const StateDirectory& directory_;
  std::optional<AcceptedPolicy> current_;
};

}  // namespace wghub
