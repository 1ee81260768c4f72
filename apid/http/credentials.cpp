#include "apid/http/credentials.h"

#include "apid/http/text.h"

namespace wghub::http {
namespace {

constexpr std::string_view kSessionCookie = "__Host-session";
constexpr std::string_view kBearer = "Bearer ";

Secret session_cookie(const Head& head) {
  for (const auto line : head.values("cookie")) {
    for (const auto pair : split(line, ';')) {
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == kSessionCookie)
        return Secret(pair.substr(equals + 1));
    }
  }
  return {};
}

void read_authorization(const Head& head, Credentials& credentials) {
  const auto values = head.values("authorization");
  if (values.empty()) return;
  const auto value = values.front();
  const bool is_bearer = values.size() == 1 && value.size() > kBearer.size() &&
                         equals_ignoring_case(value.substr(0, kBearer.size()), kBearer);
  if (is_bearer) credentials.bearer = Secret(trim(value.substr(kBearer.size())));
  credentials.bearer_malformed = !is_bearer;
}

}  // namespace

Credentials read_credentials(const Head& head) {
  Credentials credentials;
  read_authorization(head, credentials);
  credentials.cookie = session_cookie(head);
  credentials.csrf_header = std::string(head.value("x-csrf-token"));
  credentials.origin = std::string(head.value("origin"));
  credentials.sec_fetch_site = std::string(head.value("sec-fetch-site"));
  credentials.own_host = to_lower(head.value("host"));
  if (head.value("x-background") == "1" || names_media_type(head.value("accept"), "text/event-stream"))
    credentials.use = SessionUse::background;
  return credentials;
}

}  // namespace wghub::http
