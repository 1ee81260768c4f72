#include "common/hub_secrets.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstring>

namespace wghub {
namespace {

constexpr std::uint32_t kLeastMtu = 1280;
constexpr std::uint32_t kMostMtu = 1500;

bool is_allowed(const EnginePolicy& policy) {
  return is_hub_network(network_of(policy)) && policy.port != 0 && policy.mtu >= kLeastMtu && policy.mtu <= kMostMtu;
}

// Nothing else may ever receive the key: not a file, not a terminal, not the network.
bool is_pipe(const Descriptor& descriptor) {
  struct stat status = {};
  return fstat(descriptor.get(), &status) == 0 && S_ISFIFO(status.st_mode);
}

int give(const HubKey& key, const PolicyFile& policy, const Descriptor& pipe) {
  SecretKey private_key;
  if (!key.public_key() || !key.unseal(private_key)) return EX_NOINPUT;
  HubSecrets secrets;
  secrets.content.private_key = private_key.bytes;
  if (policy.current()) secrets.content.fixed = policy.current()->fixed;
  if (policy.current()) secrets.content.policy = policy.current()->policy;
  secrets.content.checksum = checksum_of(secrets.content);
  const auto bytes = bytes_of(secrets.content);  // less than what a pipe takes at once
  if (write(pipe.get(), bytes.data(), bytes.size()) != std::ssize(bytes)) return EX_IOERR;
  log::info("the hub's key was given to a backup", {{"key", to_base64(*key.public_key())}});
  return EX_OK;
}

int take(HubKey& key, PolicyFile& policy, const Descriptor& pipe) {
  HubSecrets secrets;
  auto& content = secrets.content;
  char more = 0;
  const bool whole = read(pipe.get(), &content, sizeof content) == sizeof content && read(pipe.get(), &more, 1) == 0;
  if (!whole || !is_sound(secrets)) return EX_DATAERR;
  SecretKey private_key;
  private_key.bytes = content.private_key;
  const bool has_policy = content.policy.family != 0;
  if (key.public_key() && key.public_key() != public_key_of(private_key)) return EX_CANTCREAT;
  if (has_policy && policy.current() && policy.current()->policy != content.policy) return EX_CANTCREAT;
  // The policy first: a key is the sign that there is a hub.
  if (has_policy && !policy.store({.fixed = content.fixed, .policy = content.policy})) return EX_IOERR;
  if (!key.adopt(private_key)) return EX_IOERR;
  log::info("the hub's key was taken and sealed", {{"key", to_base64(*key.public_key())}});
  return EX_OK;
}

}  // namespace

HubSecrets::~HubSecrets() { explicit_bzero(&content, sizeof content); }

bool is_sound(const HubSecrets& secrets) {
  const auto& content = secrets.content;
  if (content.header != HubSecrets::Content{}.header || content.checksum != checksum_of(content)) return false;
  return content.fixed <= 1 && (content.policy == EnginePolicy{} || is_allowed(content.policy));
}

int exchange_secrets(HubKey& key, PolicyFile& policy, bool giving, const Descriptor& pipe) {
  if (!is_pipe(pipe)) throw std::runtime_error("a backup goes through a pipe, and none was handed over");
  return giving ? give(key, policy, pipe) : take(key, policy, pipe);
}

}  // namespace wghub
