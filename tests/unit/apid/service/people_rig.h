// A hub with people in it, for the tests of their services: a clock that stands still until it is moved, random bytes
// that repeat with every run.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apid/service/people.h"
#include "tests/unit/apid/store/scratch.h"

namespace wghub {

inline constexpr std::int64_t kMinute = 60;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::string_view kPassword = "tall ships sail far";

/// Remembers whose streams were ended.
class Ended final : public EventSink {
 public:
  void publish(const Event& /*event*/) override {}
  void end_credential(const std::string& id) override { ended.push_back(id); }
  std::vector<std::string> ended;
};

inline RandomBytes counting_bytes() {
  return [next = std::make_shared<std::uint8_t>(1)](std::span<std::uint8_t> bytes) {
    std::fill(bytes.begin(), bytes.end(), (*next)++);
  };
}

inline Secret secret(std::string_view text) { return Secret(text); }

struct PeopleRig {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  Clock clock = [this] { return scratch.clock(); };
  AuditTrail audit{stores, clock};
  Ended events;
  People people{stores, audit, events, clock, counting_bytes(), AccountLimits{}};
  Actor stranger;
  Actor root;

  PeopleRig() {
    stranger.source_address = "198.51.100.1";
    root.name = "root";
    root.is_root = true;
  }

  /// The first admin, who has just signed in.
  SignIn set_up() { return *people.setup.run(*people.setup.new_code(), "admin", secret(kPassword), stranger); }
  User add(const std::string& username, Role role) {
    return *people.users.create({username, secret(kPassword), role}, root);
  }
  Outcome<SignIn> login(const std::string& username = "admin", std::string_view password = kPassword,
                        std::optional<std::string_view> code = std::nullopt) {
    Proof proof{secret(password), std::nullopt};
    if (code) proof.code = secret(*code);
    return people.sign_in.login(username, proof, stranger);
  }
  ErrorCode login_fault(const std::string& username, std::string_view password,
                        std::optional<std::string_view> code = std::nullopt) {
    const auto answer = login(username, password, code);
    return answer ? ErrorCode::internal : answer.error().code;
  }
  void pass(std::int64_t seconds) { scratch.set_clock(scratch.clock() + seconds); }
  std::optional<Identity> who(const SignIn& session, SessionService::Use use = SessionService::Use::counts) {
    return people.sessions.by_cookie(session.cookie.reveal(), use);
  }
  bool lives(const SignIn& session, SessionService::Use use = SessionService::Use::counts) {
    return who(session, use).has_value();
  }
  /// As the endpoint makes it of a session's request.
  Actor actor_of(const SignIn& session) {
    Actor actor = stranger;
    actor.id = actor.account_id = session.user.id;
    actor.name = session.user.username;
    return actor;
  }
  /// How many events of that action the audit trail has.
  std::string events_of(const std::string& action) {
    return scratch.read([&](store::Transaction& t) {
      AuditFilter filter;
      filter.action = action;
      return std::to_string(stores.audit.list(t, filter, PageRequest{100, {}}).items.size());
    });
  }
};

}  // namespace wghub
