// The calls of proto/wgprivd.capnp as promises of plain structs, over one connection that is made when needed.
// Lives in one thread, that of its event loop. Leaves deadlines and merging to RpcLoop.
#pragma once

#include <kj/async-io.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apid/helper/helper.h"

namespace wghub {

/// One page of a status snapshot. Units as in PeerState.
struct StatusPage {
  PeerOutcome outcome = PeerOutcome::failed;
  bool interface_up = false;
  bool complete = false;
  bool last = false;
  std::uint64_t snapshot = 0;
  std::uint32_t next_cursor = 0;
  std::uint32_t total = 0;
  std::vector<PeerState> peers;
  std::uint64_t link_generation = 0;
};

struct HelloAnswer {
  PeerOutcome outcome = PeerOutcome::failed;
  HelperInfo info;
};

struct KeyAnswer {
  PeerOutcome outcome = PeerOutcome::failed;
  std::optional<PublicKey> key;
};

/// Errors of every call: kj exceptions; one whose connection was lost has been sent twice by then (watch: once).
/// Answers are checked for form: a list of outcomes is as long as what was asked for.
class RpcClient final : private kj::TaskSet::ErrorHandler {
 public:
  static constexpr std::size_t kItemsPerCall = 256;

  RpcClient(kj::AsyncIoContext& io, std::string socket_path);
  ~RpcClient() noexcept;

  kj::Promise<HelloAnswer> hello();
  kj::Promise<KeyAnswer> generate_key();
  kj::Promise<ConfigureAnswer> configure(const InterfacePolicy& policy);
  kj::Promise<std::vector<PeerOutcome>> add(std::vector<WantedPeer> peers);
  kj::Promise<std::vector<PeerOutcome>> remove(std::vector<PublicKey> keys);
  kj::Promise<StatusPage> status(std::uint64_t snapshot, std::uint32_t cursor);

  /// Resolves with the link generation when it differs from seen, or after 25 s.
  kj::Promise<std::uint64_t> watch(std::uint64_t seen);

  /// Lets the connection go; calls that wait on it fail, unless they are sent once more.
  void drop();

 private:
  struct Connection;

  std::shared_ptr<Connection> connected();
  void drop(const std::shared_ptr<Connection>& lost);
  template <class Send>
  auto calling(Send send, bool again = true) -> decltype(send(*std::shared_ptr<Connection>()));
  void taskFailed(kj::Exception&&) override {}  // only releases connections

  kj::LowLevelAsyncIoProvider& io_;
  std::string socket_path_;
  std::shared_ptr<Connection> connection_;
  kj::TaskSet tasks_;
};

}  // namespace wghub
