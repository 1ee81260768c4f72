#include "apid/cli/audit_command.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

namespace wghub::cli {

Exit verify_audit(const AdminSocket& socket) {
  const auto answer = socket.call("GET", "/admin/audit/verify", Secret(), AdminSocket::Patience::long_call);
  if (!answer) return kUnreachable;
  if (answer->status != 200) return refused(*answer);
  const auto body = boost::json::parse(answer->body);
  const auto events = body.at("events").as_int64();
  const auto& broken = body.at("broken");
  if (broken.is_null()) {
    write_to(stdout, fmt::format("{} events, each as it was written\n", events));
    return kDone;
  }
  write_to(stderr,
           fmt::format("wghub: event {} was changed or removed after it was written. Compare from there on with an "
                       "export or a backup, and with the log of wgprivd-engine, which apid cannot change.\n",
                       broken.as_int64()));
  return kRefused;
}

}  // namespace wghub::cli
