#include "wgprivd/engine/netlink_socket.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include <cerrno>
#include <optional>
#include <system_error>

#include "common/unix_socket.h"

namespace wghub {
namespace {

constexpr std::size_t kBufferBytes = 32768;  // the kernel makes no larger dump message, and we none of two peers
constexpr int kNewsBufferBytes = 1 << 20;

// Nothing to give up for: a signal, or dropped messages. Those that the kernel still has come, and must be read, or the
// next request fails.
bool is_passing(int error) { return error == EINTR || error == ENOBUFS || error == ENOSPC; }

}  // namespace

int Attributes::collect(const nlattr* attribute, void* attributes) {
  auto& found = static_cast<Attributes*>(attributes)->found_;
  const auto type = mnl_attr_get_type(attribute);
  if (type < found.size()) found[type] = attribute;
  return MNL_CB_OK;
}

std::span<const std::uint8_t> Attributes::bytes_of(std::size_t type) const {
  const auto* found = found_[type];
  if (found == nullptr) return {};
  return {static_cast<const std::uint8_t*>(mnl_attr_get_payload(found)), mnl_attr_get_payload_len(found)};
}

Address Attributes::address(int system_family, std::size_t type) const {
  const auto address = to_address(bytes_of(type));
  return address && system_family_of(address) == system_family ? address : Address();
}

int system_family_of(const Address& address) { return address.family == Family::ipv4 ? AF_INET : AF_INET6; }

void put_address(nlmsghdr* message, std::uint16_t type, const Address& address) {
  mnl_attr_put(message, type, to_bytes(address).size(), to_bytes(address).data());
}

NetlinkSocket::NetlinkSocket(int protocol, unsigned groups)
    : socket_(mnl_socket_open2(protocol, SOCK_CLOEXEC | (groups != 0 ? SOCK_NONBLOCK : 0))), buffer_(kBufferBytes) {
  if (socket_ == nullptr) throw std::system_error(errno, std::generic_category(), "netlink socket");
  limit_waits(descriptor());
  if (groups != 0) setsockopt(descriptor(), SOL_SOCKET, SO_RCVBUF, &kNewsBufferBytes, sizeof kNewsBufferBytes);
  // Without this a refusal would send the request back, the private key in it.
  int on = 1;
  mnl_socket_setsockopt(socket_, NETLINK_CAP_ACK, &on, sizeof on);
  if (mnl_socket_bind(socket_, groups, MNL_SOCKET_AUTOPID) == 0) return;
  const int error = errno;
  mnl_socket_close(socket_);
  throw std::system_error(error, std::generic_category(), "netlink bind");
}

// Visits the messages of one datagram; returns 0 or an errno value.
int NetlinkSocket::receive(const Visit& visit) {
  int left = static_cast<int>(mnl_socket_recvfrom(socket_, buffer_.data(), buffer_.size()));
  if (left <= 0) return errno;
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    visit(message);
  }
  return 0;
}

int NetlinkSocket::talk(nlmsghdr* message, const Visit& visit) {
  const int error = converse(message, visit);
  explicit_bzero(buffer_.data(), buffer_.size());
  return error;
}

int NetlinkSocket::converse(nlmsghdr* message, const Visit& visit) {
  if ((message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) message->nlmsg_flags |= NLM_F_ACK;
  message->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_, message, message->nlmsg_len) < 0) return errno;
  bool whole = true;
  std::optional<int> verdict;
  const auto take = [&](const nlmsghdr* part) {
    if (part->nlmsg_seq != sequence_) return;  // the late answer to a request that timed out
    if ((part->nlmsg_flags & NLM_F_DUMP_INTR) != 0) whole = false;
    const bool is_last = part->nlmsg_type == NLMSG_ERROR || part->nlmsg_type == NLMSG_DONE;
    const auto* error = static_cast<const int*>(mnl_nlmsg_get_payload(part));
    if (is_last) verdict = mnl_nlmsg_get_payload_len(part) >= sizeof *error ? -*error : 0;
    if (!is_last && visit) visit(part);
  };
  while (!verdict) {
    const int error = receive(take);
    if (is_passing(error) && error != EINTR) whole = false;
    if (error != 0 && !is_passing(error)) return error == EAGAIN ? ETIMEDOUT : error;
  }
  return *verdict != 0 || whole ? *verdict : EINTR;
}

bool NetlinkSocket::has_news() {
  for (bool any = false;; any = true) {
    const int error = receive([](const nlmsghdr*) {});
    if (error != 0 && !is_passing(error)) return any;
  }
}

}  // namespace wghub
