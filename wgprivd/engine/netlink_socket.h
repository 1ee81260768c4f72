// One netlink socket: a request and its answers, with a time limit; messages and their attributes. Leaves what they mean
// to its users.
#pragma once

#include <libmnl/libmnl.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

#include "common/address.h"

namespace wghub {

/// A message's attributes by type.
class Attributes {
 public:
  Attributes(const nlmsghdr* message, std::size_t header_bytes);
  explicit Attributes(const nlattr* nest) { mnl_attr_parse_nested(nest, collect, this); }

  /// nullptr when it is not there.
  const nlattr* operator[](std::size_t type) const { return found_[type]; }

  /// The attribute's bytes as a T; what it lacks is zero.
  template <class T>
  T value(std::size_t type) const {
    T value{};
    const auto* attribute = found_[type];
    if (attribute == nullptr) return value;
    std::memcpy(&value, mnl_attr_get_payload(attribute),
                std::min<std::size_t>(sizeof value, mnl_attr_get_payload_len(attribute)));
    return value;
  }

  /// None when its length does not fit the family (AF_INET, AF_INET6).
  Address address(int system_family, std::size_t type) const;

  /// Calls visit with the attributes of each entry of the list that an attribute is.
  template <class Visit>
  void for_each(std::size_t type, Visit visit) const {
    const auto take = [](const nlattr* entry, void* to) {
      (*static_cast<Visit*>(to))(Attributes(entry));
      return MNL_CB_OK;
    };
    if (found_[type] != nullptr) mnl_attr_parse_nested(found_[type], take, &visit);
  }

 private:
  static int collect(const nlattr* attribute, void* attributes);

  std::array<const nlattr*, 64> found_{};
};

int system_family_of(const Address& address);
void put_address(nlmsghdr* message, std::uint16_t type, const Address& address);

/// A message that begins with a Header, in a buffer that is wiped at the end: it may hold the hub's private key.
template <class Header>
class NetlinkMessage {
 public:
  NetlinkMessage(int type, unsigned flags, std::size_t room = 1024)
      : buffer_(room),
        message_(mnl_nlmsg_put_header(buffer_.data())),
        header_(static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header)))) {
    message_->nlmsg_type = static_cast<std::uint16_t>(type);
    message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }
  NetlinkMessage(const NetlinkMessage&) = delete;
  NetlinkMessage& operator=(const NetlinkMessage&) = delete;
  ~NetlinkMessage() { explicit_bzero(buffer_.data(), buffer_.size()); }

  Header* operator->() { return header_; }
  operator nlmsghdr*() { return message_; }  // NOLINT(google-explicit-constructor): what libmnl's functions take

 private:
  std::vector<char> buffer_;
  nlmsghdr* message_;
  Header* header_;
};

class NetlinkSocket {
 public:
  using Visit = std::function<void(const nlmsghdr*)>;

  /// groups: a mask of multicast groups to listen to; such a socket only reads news and never waits.
  /// Errors: std::system_error.
  explicit NetlinkSocket(int protocol, unsigned groups = 0);
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;
  ~NetlinkSocket() { mnl_socket_close(socket_); }

  int descriptor() const { return mnl_socket_get_fd(socket_); }

  /// Sends the message and visits each answer until the kernel is done.
  /// Returns 0, or an errno value; EINTR: the dump is not whole. Waits at most 10 s (ETIMEDOUT).
  int talk(nlmsghdr* message, const Visit& visit = {});

  /// The same for answers that begin as the question does.
  template <class Header, class VisitParts>
  int ask(NetlinkMessage<Header>& message, VisitParts visit) {
    return talk(message, [&visit](const nlmsghdr* answer) {
      visit(*static_cast<const Header*>(mnl_nlmsg_get_payload(answer)), Attributes(answer, sizeof(Header)));
    });
  }

  /// Visits what waits on a listening socket; false when the kernel dropped some of it.
  bool read_news(const Visit& visit);

  /// Forgets what was received, for answers that held a private key.
  void wipe() { explicit_bzero(buffer_.data(), buffer_.size()); }

 private:
  int receive(const Visit& visit);

  mnl_socket* socket_;
  std::uint32_t sequence_ = 0;
  std::vector<char> buffer_;
};

}  // namespace wghub
