// Descriptors that a service manager hands over, and Unix sockets: connecting to one, who is at the other end.
// Reads and writes nothing.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "common/descriptor.h"

namespace wghub {

/// The descriptor that the service manager handed over under this name; none when it did not.
Descriptor handed_over(std::string_view name);

/// The same for a listening Unix socket of this type (SOCK_STREAM, SOCK_SEQPACKET).
/// Errors: std::runtime_error when nothing, or something else, was handed over.
Descriptor handed_over_listener(std::string_view name, int type);

/// The same for a file: handed over, or a credential of this name ($CREDENTIALS_DIRECTORY); none when neither is there.
Descriptor handed_over_file(const std::string& name);

/// Connects, without waiting when type has SOCK_NONBLOCK; none, with errno set, when nobody listens there,
/// nor within patience.
Descriptor connect_to(const std::string& path, int type, std::chrono::milliseconds patience = {});

/// From now on a read or write that waits for 10 s fails with EAGAIN.
void limit_waits(int socket);

/// Who is at the other end of a Unix connection; nothing when the socket is not one.
std::optional<ucred> peer_of(int socket);

/// Accepts a connection, which does not wait, of this user only; none, with a log line, when it is another's.
Descriptor accept_from(const Descriptor& listener, uid_t caller);

/// The user's id. Errors: std::runtime_error when there is no such user.
uid_t user_id(const std::string& name);

}  // namespace wghub
