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

// Both an acknowledgement and the end of a dump carry an errno value, negated, or 0.
int end(const nlmsghdr* message, void*) {
  int error = 0;
  if (mnl_nlmsg_get_payload_len(message) >= sizeof error)
    error = *static_cast<const int*>(mnl_nlmsg_get_payload(message));
  errno = error <= 0 && error > -4096 ? -error : EPROTO;
  return errno == 0 ? MNL_CB_STOP : MNL_CB_ERROR;
}

int pass_on(const nlmsghdr* message, void* visit) {
  if (const auto& pass = *static_cast<NetlinkSocket::Visit*>(visit)) pass(message);
  return MNL_CB_OK;
}

}  // namespace

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

int NetlinkSocket::talk(nlmsghdr* message, Visit visit) {
  if ((message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) message->nlmsg_flags |= NLM_F_ACK;
  message->nlmsg_seq = ++sequence_;
  std::array<mnl_cb_t, NLMSG_DONE + 1> ends{};
  ends[NLMSG_ERROR] = ends[NLMSG_DONE] = end;
  std::size_t used = message->nlmsg_len;
  auto more = mnl_socket_sendto(socket_.get(), message, used);
  while (more > 0) {
    const auto count = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    const auto bytes = static_cast<std::size_t>(count);
    used = std::max(used, count < 0 ? buffer_.size() : bytes);
    more = count < 0 ? -1 : mnl_cb_run2(buffer_.data(), bytes, sequence_, 0, pass_on, &visit, ends.data(), ends.size());
  }
  const int error = more == 0 ? 0 : is_loss(errno) ? EINTR : errno;
  explicit_bzero(buffer_.data(), used);
  return error;
}

}  // namespace wghub
