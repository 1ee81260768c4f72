// The functions of libmnl that touch a socket, in the place of the library's own for the whole program that links this:
// NetlinkSocket then speaks to a FakeKernel. Leaves what is answered to that.
#pragma once

#include <libmnl/libmnl.h>

#include <deque>
#include <string>

namespace wghub::test {

/// What recvfrom gives once: a datagram, or an errno value.
struct Datagram {
  std::string bytes;
  int error = 0;
};

/// Answers all netlink sockets while it lives; one at a time. Without one, nothing answers.
class FakeKernel {
 public:
  FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;
  virtual ~FakeKernel();

  /// All that comes back to one request, in order; then recvfrom fails with EAGAIN.
  virtual std::deque<Datagram> answer(int protocol, const nlmsghdr* request) = 0;

 protected:
  /// Makes every socket that listens to groups readable.
  static void tell_news();
};

}  // namespace wghub::test
