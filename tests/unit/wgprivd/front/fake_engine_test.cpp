// The fake engine's code; its name puts it among the sources of the unit tests.
#include "tests/unit/wgprivd/front/fake_engine.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "tests/unit/wgprivd/front/local_socket.h"

namespace wghub::test {
namespace {

constexpr int kTickMs = 10;
constexpr std::array<std::uint8_t, 32> kHubKey = {9};

}  // namespace

FakeEngine::FakeEngine(std::string path) : path_(std::move(path)), listener_(listen_at(path_, SOCK_SEQPACKET)) {
  thread_ = std::thread([this] { run(); });
}

FakeEngine::~FakeEngine() {
  stopping_ = true;
  thread_.join();
  ::unlink(path_.c_str());
}

std::vector<EngineOperation> FakeEngine::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::size_t FakeEngine::peer_count() const {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

void FakeEngine::change_link() { link_changed_ = true; }

void FakeEngine::run() {
  while (!stopping_) {
    std::vector<pollfd> polled = {{listener_.get(), POLLIN, 0}};
    for (const auto& client : clients_) polled.push_back({client.get(), POLLIN, 0});
    ::poll(polled.data(), polled.size(), kTickMs);
    if (silent) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kTickMs));
      continue;
    }
    if (link_changed_.exchange(false)) {
      EngineReply notice;
      notice.operation = EngineOperation::link_changed;
      notice.link_generation = ++generation_;
      for (const auto& client : clients_) ::send(client.get(), &notice, sizeof notice, MSG_NOSIGNAL);
    }
    for (std::size_t i = clients_.size(); i-- > 0;)
      if (polled[i + 1].revents != 0) serve(i);
    if (polled[0].revents != 0) {
      clients_.emplace_back(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ++connections;
    }
  }
}

void FakeEngine::serve(std::size_t index) {
  EngineRequest request;
  const auto size = ::recv(clients_[index].get(), &request, sizeof request, MSG_DONTWAIT | MSG_TRUNC);
  const bool dropped = size == sizeof request && drops > 0;
  if (dropped) --drops;
  if (size != sizeof request || dropped) {
    clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(index));
    return;
  }
  answer(clients_[index].get(), request);
}

void FakeEngine::answer(int socket, const EngineRequest& request) {
  EngineStatusPage page{};
  page.reply.operation = request.operation;
  page.reply.id = request.id;
  page.reply.backend = EngineBackend::userspace;
  page.reply.link_generation = generation_;
  page.reply.flags = EngineReply::kInterfaceUp | EngineReply::kHasKey;
  page.reply.hub_key = kHubKey;
  {
    const std::lock_guard lock(mutex_);
    received_.push_back(request.operation);
  }
  const bool changes =
      request.operation == EngineOperation::add_peer || request.operation == EngineOperation::remove_peer;
  if (changes) std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
  const bool dumps = request.operation == EngineOperation::status && request.cursor == 0;
  if (dumps) std::this_thread::sleep_for(std::chrono::milliseconds(dump_ms));
  page.reply.outcome = apply(request, page);
  ::send(socket, &page, sizeof(EngineReply) + page.reply.peer_count * sizeof(EnginePeer), MSG_NOSIGNAL);
}

EngineOutcome FakeEngine::apply(const EngineRequest& request, EngineStatusPage& page) {
  const std::lock_guard lock(mutex_);
  switch (request.operation) {
    case EngineOperation::hello:
      return EngineOutcome::done;
    case EngineOperation::generate_key:
      return EngineOutcome::key_exists;
    case EngineOperation::configure:
      page.reply.policy = request.policy;
      page.reply.flags |= EngineReply::kCreated | EngineReply::kHasPolicy;
      return EngineOutcome::done;
    case EngineOperation::add_peer:
      if (request.flags & EngineRequest::kHasPresharedKey) return EngineOutcome::preshared_key;
      return peers_.emplace(request.key, request.addresses).second ? EngineOutcome::done : EngineOutcome::unchanged;
    case EngineOperation::remove_peer:
      return peers_.erase(request.key) > 0 ? EngineOutcome::done : EngineOutcome::unchanged;
    case EngineOperation::status:
      return fill_page(request, page);
    case EngineOperation::link_changed:
      break;
  }
  return EngineOutcome::malformed;
}

EngineOutcome FakeEngine::fill_page(const EngineRequest& request, EngineStatusPage& page) {
  if (interface_missing) return EngineOutcome::interface_missing;
  if (request.cursor == 0) ++snapshot_;
  if (request.cursor != 0 && stale_pages > 0) {
    --stale_pages;
    return EngineOutcome::stale_snapshot;
  }
  if (request.cursor != 0 && request.snapshot != snapshot_) return EngineOutcome::stale_snapshot;
  auto peer = peers_.begin();
  std::advance(peer, std::min<std::size_t>(request.cursor, peers_.size()));
  for (; peer != peers_.end() && page.reply.peer_count < kPeersPerPage; ++peer) {
    auto& entry = page.peers[page.reply.peer_count++];
    entry.key = peer->first;
    entry.addresses = peer->second;
  }
  page.reply.snapshot = snapshot_;
  page.reply.next_cursor = request.cursor + page.reply.peer_count;
  page.reply.total = static_cast<std::uint32_t>(peers_.size());
  page.reply.flags |= EngineReply::kComplete | (peer == peers_.end() ? EngineReply::kLastPage : 0);
  return EngineOutcome::done;
}

}  // namespace wghub::test
