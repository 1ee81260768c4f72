#include "wgprivd/engine/policy_file.h"

namespace wghub {
namespace {

struct File {
  std::array<char, 12> magic = {'W', 'G', 'H', 'U', 'B', 'P', 'O', 'L', 'I', 'C', 'Y', '1'};
  std::uint32_t fixed = 0;
  EnginePolicy policy;
  Digest checksum{};
};

}  // namespace

PolicyFile::PolicyFile(const StateDirectory& directory) : directory_(directory) {
  const auto bytes = directory.read(kFile, sizeof(File));
  if (!bytes) return;
  File file;
  std::memcpy(&file, bytes->data(), bytes->size());
  const bool sound = bytes->size() == sizeof file && file.checksum == checksum_of(file);
  if (!sound || file.magic != File{}.magic) throw DamagedState("policy: changed or cut off");
  current_ = {file.policy, file.fixed != 0};
}

bool PolicyFile::store(const AcceptedPolicy& accepted) {
  File file{.fixed = accepted.fixed, .policy = accepted.policy};
  file.checksum = checksum_of(file);
  if (!directory_.replace(kFile, bytes_of(file))) return false;
  current_ = accepted;
  return true;
}

}  // namespace wghub
