// An Authenticator whose accounts a test names itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apid/http/authenticator.h"

namespace wghub::http {

class FakeAuthenticator final : public Authenticator {
 public:
  bool setup_required() override { return note("setup"), needs_setup; }
  std::optional<Caller> by_api_token(std::string_view secret) override {
    return note("token"), find(tokens, secret, Credential::api_token);
  }
  std::optional<Caller> by_session(std::string_view cookie, SessionUse use) override {
    last_use = use;
    note("session");
    auto caller = find(sessions, cookie, Credential::session);
    if (caller) caller->stepped_up = stepped_up;
    return caller;
  }
  bool csrf_matches(std::string_view cookie, std::string_view header) override {
    return note("csrf"), header == "csrf-of-" + std::string(cookie);
  }

  void note_denied(const Request& request, std::string_view code) override {
    if (keep_notes) denials.push_back(request.caller.name + " " + std::string(code));
  }

  bool needs_setup = false;
  bool stepped_up = false;  ///< every session
  std::map<std::string, Role> tokens;
  std::map<std::string, Role> sessions;
  SessionUse last_use = SessionUse::counts;
  bool keep_notes = true;          ///< not from several threads
  std::vector<std::string> notes;  ///< what was asked, in order
  std::vector<std::string> denials;

 private:
  void note(const char* what) {
    if (keep_notes) notes.emplace_back(what);
  }
  static std::optional<Caller> find(const std::map<std::string, Role>& accounts, std::string_view key,
                                    Credential credential) {
    const auto found = accounts.find(std::string(key));
    if (found == accounts.end()) return std::nullopt;
    return Caller{credential, "id-of-" + found->first, "user", found->first, found->first, found->second};
  }
};

}  // namespace wghub::http
