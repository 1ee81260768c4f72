#include "wgprivd/engine/policy_file.h"

#include <cstring>

namespace wghub {
namespace {

struct Content {
  std::array<char, 8> magic = {'W', 'G', 'H', 'U', 'B', 'P', 'O', 'L'};
  std::uint32_t version = 1;
  std::uint32_t fixed = 0;
  EnginePolicy policy;
};

struct File {
  Content content;
  Digest checksum{};
};

}  // namespace

PolicyFile::PolicyFile(const StateDirectory& directory) : directory_(directory) {
  const auto bytes = directory.read(kFile, sizeof(File));
  if (!bytes) return;
  File file;
  const Content expected;
  if (bytes->size() == sizeof file) std::memcpy(&file, bytes->data(), sizeof file);
  const bool sound = bytes->size() == sizeof file && sha256(bytes_of(file.content)) == file.checksum &&
                     file.content.magic == expected.magic && file.content.version == expected.version;
  if (!sound) throw DamagedState("policy: changed or cut off");
  current_ = AcceptedPolicy{file.content.policy, file.content.fixed != 0};
}

bool PolicyFile::store(const AcceptedPolicy& accepted) {
  File file;
  file.content.policy = accepted.policy;
  file.content.fixed = accepted.fixed ? 1 : 0;
  file.checksum = sha256(bytes_of(file.content));
  if (!directory_.replace(kFile, bytes_of(file))) return false;
  current_ = accepted;
  return true;
}

}  // namespace wghub
