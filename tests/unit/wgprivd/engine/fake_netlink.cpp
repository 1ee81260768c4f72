#include "tests/unit/wgprivd/engine/fake_netlink.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "common/descriptor.h"

using wghub::Descriptor;
using wghub::test::Datagram;
using wghub::test::FakeKernel;

/// libmnl's own is hidden, so this is the only definition that anybody sees.
struct mnl_socket {
  int protocol;
  Descriptor ours;
  Descriptor far_end;
  mutable std::deque<Datagram> waiting;
};

namespace {

// The library's functions have no place for a pointer of ours.
FakeKernel* kernel = nullptr;
std::set<const mnl_socket*> listeners;

}  // namespace

namespace wghub::test {

FakeKernel::FakeKernel() { kernel = this; }

FakeKernel::~FakeKernel() { kernel = nullptr; }

void FakeKernel::tell_news() {
  for (const auto* listener : listeners) ::send(listener->far_end.get(), "", 1, MSG_DONTWAIT);
}

}  // namespace wghub::test

extern "C" {

mnl_socket* mnl_socket_open2(int protocol, int /*flags*/) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) != 0) return nullptr;
  return new mnl_socket{protocol, Descriptor(ends[0]), Descriptor(ends[1]), {}};
}

int mnl_socket_close(mnl_socket* socket) {
  listeners.erase(socket);
  delete socket;
  return 0;
}

int mnl_socket_get_fd(const mnl_socket* socket) { return socket->ours.get(); }

int mnl_socket_setsockopt(const mnl_socket* /*socket*/, int /*type*/, void* /*value*/, socklen_t /*size*/) { return 0; }

int mnl_socket_bind(mnl_socket* socket, unsigned groups, pid_t /*port*/) {
  if (groups != 0) listeners.insert(socket);
  return 0;
}

ssize_t mnl_socket_sendto(const mnl_socket* socket, const void* request, size_t size) {
  socket->waiting.clear();
  if (kernel != nullptr) socket->waiting = kernel->answer(socket->protocol, static_cast<const nlmsghdr*>(request));
  return static_cast<ssize_t>(size);
}

ssize_t mnl_socket_recvfrom(const mnl_socket* socket, void* buffer, size_t size) {
  const auto next = socket->waiting.empty() ? Datagram{{}, EAGAIN} : socket->waiting.front();
  if (!socket->waiting.empty()) socket->waiting.pop_front();
  errno = next.bytes.size() > size ? ENOSPC : next.error;  // the library calls a cut datagram so
  if (errno != 0) return -1;
  std::memcpy(buffer, next.bytes.data(), next.bytes.size());
  return static_cast<ssize_t>(next.bytes.size());
}

}  // extern "C"
