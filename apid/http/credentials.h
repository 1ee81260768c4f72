// What the headers of a request say about its sender, before anybody checks it.
#pragma once

#include "apid/http/router.h"
#include "apid/http/wire.h"

namespace wghub::http {

/// Authorization, __Host-session, X-CSRF-Token, Origin, Sec-Fetch-Site and Host. Event streams, and requests with the
/// header `X-Background: 1` (what a page sends by itself), do not count as use of a session.
Credentials read_credentials(const Head& head);

}  // namespace wghub::http
