#include "wgprivd/engine/netlink_socket.h"

#include <linux/netlink.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace wghub {
namespace {

constexpr std::size_t kReceiveBytes = 32768;  // the kernel makes no larger dump message
constexpr int kTimeoutSeconds = 10;
constexpr int kNewsBufferBytes = 1 << 20;

int collect(const nlattr* attribute, void* data) {
  auto& attributes = *static_cast<Attributes*>(data);
  const auto type = mnl_attr_get_type(attribute);
  if (type < attributes.size()) attributes[type] = attribute;
  return MNL_CB_OK;
}

int visit_nested(const nlattr* attribute, void* data) {
  (*static_cast<const std::function<void(const nlattr*)>*>(data))(attribute);
  return MNL_CB_OK;
}

}  // namespace

Attributes attributes_of(const nlmsghdr* message, std::size_t header_bytes) {
  Attributes attributes{};
  mnl_attr_parse(message, static_cast<unsigned>(header_bytes), collect, &attributes);
  return attributes;
}

Attributes attributes_of(const nlattr* nest) {
  Attributes attributes{};
  mnl_attr_parse_nested(nest, collect, &attributes);
  return attributes;
}

void for_each_nested(const nlattr* nest, const std::function<void(const nlattr*)>& visit) {
  if (nest == nullptr) return;
  auto copy = visit;
  mnl_attr_parse_nested(nest, visit_nested, &copy);
}

int system_family_of(const Address& address) {
  return address.family == Family::ipv4 ? AF_INET : AF_INET6;
}

Address address_of(int system_family, const nlattr* attribute) {
  Address address;
  const auto family = system_family == AF_INET ? Family::ipv4 : Family::ipv6;
  const std::size_t length = bits_of(family) / 8;
  if ((system_family != AF_INET && system_family != AF_INET6) || attribute == nullptr) return address;
  if (mnl_attr_get_payload_len(attribute) != length) return address;
  address.family = family;
  std::memcpy(address.bytes.data(), mnl_attr_get_payload(attribute), length);
  return address;
}

void put_address(nlmsghdr* message, std::uint16_t type, const Address& address) {
  mnl_attr_put(message, type, bits_of(address.family) / 8, address.bytes.data());
}

NetlinkMessage::NetlinkMessage(std::size_t bytes) : buffer_(bytes), message_(mnl_nlmsg_put_header(buffer_.data())) {}

NetlinkMessage::~NetlinkMessage() {
  explicit_bzero(buffer_.data(), buffer_.size());
}

NetlinkSocket::NetlinkSocket(int protocol, unsigned groups)
    : socket_(mnl_socket_open2(protocol, SOCK_CLOEXEC | (groups != 0 ? SOCK_NONBLOCK : 0))), buffer_(kReceiveBytes) {
  if (socket_ == nullptr) throw std::system_error(errno, std::generic_category(), "netlink socket");
  const timeval limit{kTimeoutSeconds, 0};
  setsockopt(descriptor(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (groups != 0) setsockopt(descriptor(), SOL_SOCKET, SO_RCVBUF, &kNewsBufferBytes, sizeof kNewsBufferBytes);
  // Without this a refusal would send the request back, the private key in it.
  int on = 1;
  mnl_socket_setsockopt(socket_, NETLINK_CAP_ACK, &on, sizeof on);
  if (mnl_socket_bind(socket_, groups, MNL_SOCKET_AUTOPID) != 0) {
    const int error = errno;
    mnl_socket_close(socket_);
    throw std::system_error(error, std::generic_category(), "netlink bind");
  }
}

NetlinkSocket::~NetlinkSocket() {
  mnl_socket_close(socket_);
}

int NetlinkSocket::request(nlmsghdr* message, const std::function<void(const nlmsghdr*)>& visit) {
  if ((message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) message->nlmsg_flags |= NLM_F_ACK;
  message->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_, message, message->nlmsg_len) < 0) return errno;
  bool whole = true;
  while (true) {
    const auto count = mnl_socket_recvfrom(socket_, buffer_.data(), buffer_.size());
    if (count < 0 && (errno == EINTR || errno == ENOBUFS || errno == ENOSPC)) {
      whole = whole && errno == EINTR;  // the rest still comes and must be read, or the next request fails
      continue;
    }
    if (count <= 0) return errno == EAGAIN ? ETIMEDOUT : errno;
    int left = static_cast<int>(count);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(header, left);
         header = mnl_nlmsg_next(header, &left)) {
      if (header->nlmsg_seq != sequence_) continue;  // the late answer to a request that timed out
      if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) whole = false;
      if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
        int error = 0;
        if (mnl_nlmsg_get_payload_len(header) >= sizeof error) {
          std::memcpy(&error, mnl_nlmsg_get_payload(header), sizeof error);
        }
        if (error != 0) return -error;
        return whole ? 0 : EINTR;
      }
      if (visit) visit(header);
    }
  }
}

void NetlinkSocket::wipe() {
  explicit_bzero(buffer_.data(), buffer_.size());
}

bool NetlinkSocket::read_news(const std::function<void(const nlmsghdr*)>& visit) {
  bool all = true;
  while (true) {
    const auto count = mnl_socket_recvfrom(socket_, buffer_.data(), buffer_.size());
    if (count <= 0 && errno != EINTR && errno != ENOBUFS && errno != ENOSPC) return all;
    if (count <= 0) {
      all = all && errno == EINTR;
      continue;
    }
    int left = static_cast<int>(count);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(header, left);
         header = mnl_nlmsg_next(header, &left)) {
      visit(header);
    }
  }
}

}  // namespace wghub
