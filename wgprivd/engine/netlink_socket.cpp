#include "wgprivd/engine/netlink_socket.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include <cerrno>
#include <system_error>

#include "common/unix_socket.h"

namespace wghub {
namespace {

constexpr std::size_t kBufferBytes = 32768;  // the kernel makes no larger dump message, and we none of two peers
constexpr int kNewsBufferBytes = 1 << 20;

// The kernel dropped messages for want of room.
bool is_loss(int error) { return error == ENOBUFS || error == ENOSPC; }

// Both an acknowledgement and the end of a dump carry an errno value, or 0.
int end(const nlmsghdr* message, void*) {
  int error = 0;
  if (mnl_nlmsg_get_payload_len(message) >= sizeof error)
    error = -*static_cast<const int*>(mnl_nlmsg_get_payload(message));
  errno = error;
  return error == 0 ? MNL_CB_STOP : MNL_CB_ERROR;
}

int pass_on(const nlmsghdr* message, void* visit) {
  const auto& pass = *static_cast<const NetlinkSocket::Visit*>(visit);
  if (pass) pass(message);
  return MNL_CB_OK;
}

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
    : socket_(mnl_socket_open2(protocol, SOCK_CLOEXEC), mnl_socket_close), buffer_(kBufferBytes) {
  if (!socket_) throw std::system_error(errno, std::generic_category(), "netlink socket");
  limit_waits(descriptor());
  if (groups != 0) setsockopt(descriptor(), SOL_SOCKET, SO_RCVBUF, &kNewsBufferBytes, sizeof kNewsBufferBytes);
  // Without this a refusal would send the request back, the private key in it.
  int on = 1;
  mnl_socket_setsockopt(socket_.get(), NETLINK_CAP_ACK, &on, sizeof on);
  const bool bound = mnl_socket_bind(socket_.get(), groups, MNL_SOCKET_AUTOPID) == 0;
  if (!bound) throw std::system_error(errno, std::generic_category(), "netlink bind");
}

bool NetlinkSocket::drain() {
  bool any = false;
  while (recv(descriptor(), buffer_.data(), buffer_.size(), MSG_DONTWAIT) >= 0 || is_loss(errno)) any = true;
  return any;
}

int NetlinkSocket::talk(nlmsghdr* message, const Visit& visit) {
  if ((message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) message->nlmsg_flags |= NLM_F_ACK;
  message->nlmsg_seq = ++sequence_;
  std::array<mnl_cb_t, NLMSG_DONE + 1> ends{};
  ends[NLMSG_ERROR] = ends[NLMSG_DONE] = end;
  auto* to = const_cast<Visit*>(&visit);  // NOLINT(cppcoreguidelines-pro-type-const-cast): through a void*, and back
  auto more = mnl_socket_sendto(socket_.get(), message, message->nlmsg_len);
  while (more > 0) {
    more = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (more > 0)
      more = mnl_cb_run2(buffer_.data(), static_cast<std::size_t>(more), sequence_, 0, pass_on, to, ends.data(),
                         ends.size());
  }
  const int error = more == 0 ? 0 : is_loss(errno) ? EINTR : errno;
  explicit_bzero(buffer_.data(), buffer_.size());
  return error;
}

}  // namespace wghub
