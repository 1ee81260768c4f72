// One netlink socket: a message and its answers, with a time limit; the attributes in them. Leaves what they mean to
// its users.
#pragma once

#include <libmnl/libmnl.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "common/address.h"

namespace wghub {

inline int system_family_of(const Address& address) { return address.family == Family::ipv4 ? AF_INET : AF_INET6; }

inline void put_address(nlmsghdr* message, std::uint16_t type, const Address& address) {
  mnl_attr_put(message, type, to_bytes(address).size(), to_bytes(address).data());
}

/// A message's attributes, or those nested in one, by type.
class Attributes {
 public:
  Attributes(const nlmsghdr* message, unsigned header_bytes) { mnl_attr_parse(message, header_bytes, collect, this); }
  explicit Attributes(const nlattr* nest) { mnl_attr_parse_nested(nest, collect, this); }

  /// The attribute's bytes as a T; what it lacks is zero.
  template <class T>
  T value(std::size_t type) const {
    T value{};
    const auto bytes = bytes_of(type);
    std::copy_n(bytes.begin(), std::min(sizeof value, bytes.size()), reinterpret_cast<std::uint8_t*>(&value));
    return value;
  }

  /// None when its length does not fit the family (AF_INET, AF_INET6).
  Address address(int system_family, std::size_t type) const {
    const auto address = to_address(bytes_of(type));
    return address && system_family_of(address) == system_family ? address : Address();
  }

  /// Calls visit with the attributes of each entry of the list that an attribute is.
  template <class Visit>
  void for_each(std::size_t type, Visit visit) const {
    const auto take = [](const nlattr* entry, void* to) {
      return (*static_cast<Visit*>(to))(Attributes(entry)), MNL_CB_OK;
    };
    if (found_[type] != nullptr) mnl_attr_parse_nested(found_[type], take, &visit);
  }

 private:
  static int collect(const nlattr* attribute, void* attributes) {
    auto& found = static_cast<Attributes*>(attributes)->found_;
    const auto type = mnl_attr_get_type(attribute);
    if (type < found.size()) found[type] = attribute;
    return MNL_CB_OK;
  }

  std::span<const std::uint8_t> bytes_of(std::size_t type) const {
    const auto* found = found_[type];
    if (found == nullptr) return {};
    return {static_cast<const std::uint8_t*>(mnl_attr_get_payload(found)), mnl_attr_get_payload_len(found)};
  }

  std::array<const nlattr*, 16> found_{};  // all that we read are among the first
};

class NetlinkSocket {
 public:
  using Visit = std::function<void(const nlmsghdr*)>;

  /// groups: a mask of multicast groups to listen to; such a socket only has news.
  /// Errors: std::system_error.
  explicit NetlinkSocket(int protocol, unsigned groups = 0);

  int descriptor() const { return mnl_socket_get_fd(socket_.get()); }

  /// Starts a message, after what an interrupted dump or a late answer left was forgotten; returns it and the header,
  /// zeroed, that it begins with.
  template <class Header>
  std::pair<nlmsghdr*, Header*> start(int type, unsigned flags) {
    drain();
    auto* message = mnl_nlmsg_put_header(buffer_.data());
    message->nlmsg_type = static_cast<std::uint16_t>(type);
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    return {message, static_cast<Header*>(mnl_nlmsg_put_extra_header(message, sizeof(Header)))};
  }

  /// Sends the message and visits each answer until the kernel is done; forgets both, as they may hold a private key.
  /// Returns 0, or an errno value; EINTR: the dump is not whole. Waits at most 10 s (EAGAIN).
  int talk(nlmsghdr* message, Visit visit = {});

  /// The same for answers that begin with a Header; shorter ones are passed over.
  template <class Header, class VisitParts>
  int ask(nlmsghdr* message, VisitParts visit) {
    return talk(message, [&visit](const nlmsghdr* answer) {
      if (mnl_nlmsg_get_payload_len(answer) < sizeof(Header)) return;
      visit(*static_cast<const Header*>(mnl_nlmsg_get_payload(answer)), Attributes(answer, sizeof(Header)));
    });
  }

  /// Forgets all that waits; whether there was anything, or some was dropped.
  bool drain();

 private:
  std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> socket_;
  std::uint32_t sequence_ = 0;
  std::vector<char> buffer_;
};

}  // namespace wghub
