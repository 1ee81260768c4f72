// HTTP to the hub: over apid's local socket, which only root may use, or by HTTPS with an API token. What is asked, and
// how answers are shown, is the commands'.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apid/cli/exit.h"
#include "common/secret.h"

namespace wghub::cli {

/// Where the hub is, as the arguments say.
struct Target {
  std::string socket = "/run/wireguard-hub-api/admin.sock";
  std::string url;  ///< https://HOST[:PORT]; empty: the socket
  std::string token_file;
  std::string ca_file;  ///< empty: the system's authorities; else the only ones, or the hub's certificate itself
};

struct Answer {
  long status = 0;
  std::string body;
  std::string next_cursor;  ///< X-Next-Cursor
};

class HubClient {
 public:
  /// Nothing when the target cannot be right; why is told on stderr.
  static std::optional<HubClient> make(const Target& target);

  bool is_local() const { return url_.empty(); }
  const std::string& socket() const { return socket_; }

  /// Nothing when nobody answered, which is told on stderr. body: JSON, or empty. A long call may take an hour, others
  /// 15 s.
  enum class Patience { usual, long_call };
  std::optional<Answer> call(const char* method, const std::string& path, const Secret& body = Secret(),
                             Patience patience = Patience::usual) const;

  /// Reads an answer that has no end. receive: a piece of it; false breaks off. Ends after 45 s of silence too.
  enum class Ending { refused, over, broken_off, nobody };
  using Receiver = std::function<bool(std::string_view piece)>;
  /// answer: of a refusal, status and body.
  Ending follow(const std::string& path, const std::string& last_event_id, const Receiver& receive,
                Answer& answer) const;

 private:
  class Transfer;

  explicit HubClient(const Target& target) : socket_(target.socket), url_(target.url), ca_file_(target.ca_file) {}

  std::string socket_;
  std::string url_;
  std::string ca_file_;
  Secret token_;
};

/// Tells on stderr why the hub refused; returns what to end with.
Exit refused(const Answer& answer);

/// A text as one segment of a URL's path, or as a value of its query.
std::string escaped(const std::string& segment);

}  // namespace wghub::cli
