// One netlink socket: a request and its answers, with a time limit. Leaves what the messages mean to its users.
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "common/address.h"

namespace wghub {

/// A message's attributes by type; those not there are nullptr.
using Attributes = std::array<const nlattr*, 64>;

Attributes attributes_of(const nlmsghdr* message, std::size_t header_bytes);
Attributes attributes_of(const nlattr* nest);
void for_each_nested(const nlattr* nest, const std::function<void(const nlattr*)>& visit);

/// The attribute's value, or T{} when it is absent or too short.
template <class T>
T value_of(const nlattr* attribute) {
  T value{};
  if (attribute != nullptr && mnl_attr_get_payload_len(attribute) >= sizeof value) {
    std::memcpy(&value, mnl_attr_get_payload(attribute), sizeof value);
  }
  return value;
}

/// An address of an attribute; none when its length does not fit the family (AF_INET, AF_INET6).
Address address_of(int system_family, const nlattr* attribute);
void put_address(nlmsghdr* message, std::uint16_t type, const Address& address);
int system_family_of(const Address& address);

/// A message in a buffer that is wiped at the end: it may hold the hub's private key.
class NetlinkMessage {
 public:
  explicit NetlinkMessage(std::size_t bytes = 4096);
  NetlinkMessage(const NetlinkMessage&) = delete;
  NetlinkMessage& operator=(const NetlinkMessage&) = delete;
  ~NetlinkMessage();

  /// Starts the message and returns its extra header of type Header, zeroed.
  template <class Header>
  Header* start(std::uint16_t type, unsigned flags) {
    get()->nlmsg_type = type;
    get()->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    return static_cast<Header*>(mnl_nlmsg_put_extra_header(get(), sizeof(Header)));
  }
  nlmsghdr* get() { return message_; }

 private:
  std::vector<char> buffer_;
  nlmsghdr* message_;
};

class NetlinkSocket {
 public:
  /// groups: a mask of multicast groups to listen to; such a socket only reads news and never waits.
  /// Errors: std::system_error.
  explicit NetlinkSocket(int protocol, unsigned groups = 0);
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;
  ~NetlinkSocket();

  int descriptor() const { return mnl_socket_get_fd(socket_); }

  /// Sends the request and visits each answer until the kernel is done.
  /// Returns 0, or an errno value; EINTR: the dump is not whole. Waits at most 10 s (ETIMEDOUT).
  int request(nlmsghdr* message, const std::function<void(const nlmsghdr*)>& visit = {});

  /// Visits what waits on a listening socket; false when the kernel dropped some of it.
  bool read_news(const std::function<void(const nlmsghdr*)>& visit);

  /// Forgets what was received, for answers that held a private key.
  void wipe();

 private:
  mnl_socket* socket_;
  std::uint32_t sequence_ = 0;
  std::vector<char> buffer_;
};

}  // namespace wghub
