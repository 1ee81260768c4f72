// Takes messages to webhooks and mail servers. Behind this class is libcurl; what is told to whom is service's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apid/model/alert.h"
#include "common/address.h"
#include "common/secret.h"

namespace wghub {

/// The same in two forms: mail takes subject and text, webhooks the JSON.
struct Message {
  std::string subject;  ///< ASCII without line breaks
  std::string text;     ///< UTF-8, lines
  std::string json;
};

class Courier {
 public:
  virtual ~Courier() = default;

  /// Takes it to the target's address; nothing, or why not, in words without secrets. Blocks for at most 8 s; any
  /// thread.
  virtual std::optional<std::string> deliver(const AlertTarget& target, const Message& message) = 0;
  /// When the certificate ends that an https server shows, whoever vouches for it. Units: epoch seconds. Nothing when
  /// it cannot be asked. Blocks for at most 8 s.
  virtual std::optional<std::int64_t> certificate_end(const std::string& url) = 0;
  /// What is under way ends within about a second, and nothing more is begun.
  virtual void stop() = 0;
};

/// What root's configuration says about alerts.
struct CourierOptions {
  std::vector<Network> allowed_networks;            ///< private ones that webhooks may be in
  std::string ca_file;                              ///< who vouches for webhooks and mail servers; empty: the system's
  std::string mail_server = "smtp://localhost:25";  ///< or smtps://…
  std::string mail_from;
  std::string mail_user;  ///< empty: without signing in
  Secret mail_password;
};

/// Call before the program has threads.
std::unique_ptr<Courier> make_curl_courier(CourierOptions options);

}  // namespace wghub
