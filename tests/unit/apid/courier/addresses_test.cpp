#include "apid/courier/addresses.h"

#include "apid/courier/mail.h"
#include "tests/catch.hpp"

using namespace wghub;

TEST_CASE("A mail address is plain, so that nothing can be added to a mail") {
  for (const auto* const text : {"a@b", "on.call+hub@example.net", "x_y-z@mail.example.net"})
    CHECK(is_mail_address(text));
  for (const auto* const text : {"", "a", "@b", "a@", "a b@c", "a@b c", "a@b\r\nBcc: x@y", "<a@b>", "a@b,c@d", "a@b.",
                                 ".a@b", "a..b@c", "ä@b", "a@-b", "\"a\"@b", "a@b@c"}) {
    INFO(text);
    CHECK_FALSE(is_mail_address(text));
  }
  CHECK_FALSE(is_mail_address(std::string(250, 'a') + "@b.de"));
}

TEST_CASE("A webhook is a URL of http or https without who and where in it") {
  for (const auto* const text : {"https://example.net", "https://example.net/hook?x=1", "https://[fd00::1]:8443/x",
                                 "http://10.0.0.1:9000/x", "https://xn--bro-hoa.example/"})
    CHECK(is_webhook(text));
  for (const auto* const text :
       {"", "https://", "ftp://example.net", "file:///etc/passwd", "example.net", "https://user@example.net",
        "https://u:p@example.net", "https://example.net/#x", "https://exa mple.net", "https://example.net/\r\nX: y",
        "https://example.net:0/", "https://:443/", "gopher://example.net", "https://büro.example/"}) {
    INFO(text);
    CHECK_FALSE(is_webhook(text));
  }
}

TEST_CASE("Of a webhook no more than its host is shown") {
  AlertTarget target;
  const auto shown = [&](const char* address) {
    target.address = Secret(std::string(address));
    return shown_address(target);
  };
  CHECK(shown("https://chat.example.net/hooks/SECRET") == "https://chat.example.net/…");
  CHECK(shown("https://chat.example.net?key=SECRET") == "https://chat.example.net/…");
  CHECK(shown("https://chat.example.net:8443/") == "https://chat.example.net:8443");
  CHECK(shown("https://chat.example.net") == "https://chat.example.net");
  target.channel = AlertChannel::mail;
  CHECK(shown("on.call@example.net") == "on.call@example.net");
}

TEST_CASE("A mail's headers are those of RFC 5322") {
  const auto headers = mail_headers("hub@example.net", "a@b", "[hub] one is down", "0123", 1'700'000'000);
  CHECK(headers == std::vector<std::string>{"Date: Tue, 14 Nov 2023 22:13:20 +0000",
                                            "From: WireGuard Hub <hub@example.net>", "To: <a@b>",
                                            "Subject: [hub] one is down", "Message-ID: <0123@example.net>",
                                            "Auto-Submitted: auto-generated"});
}
