#include "apid/service/account_service.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr auto kPassword = "tall ships sail far";

class Ended final : public EventSink {
 public:
  void publish(const Event& /*event*/) override {}
  void end_credential(const std::string& id) override { ended.push_back(id); }
  std::vector<std::string> ended;
};

RandomBytes counting_bytes() {
  return [next = std::make_shared<std::uint8_t>(1)](std::span<std::uint8_t> bytes) {
    std::fill(bytes.begin(), bytes.end(), (*next)++);
  };
}

// A hub with one admin who has just signed in, and a clock that stands still.
struct Rig {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  Clock clock = [this] { return scratch.clock(); };
  AuditTrail audit{stores, clock};
  Ended events;
  AccountService accounts{stores, audit, events, clock, counting_bytes(), AccountLimits{}};
  Actor actor;

  Rig() { actor.source_address = "198.51.100.1"; }
  SignIn set_up() {
    return *accounts.setup(*accounts.new_setup_code(), "admin", Secret(std::string_view(kPassword)), actor);
  }
  void pass(std::int64_t seconds) { scratch.set_clock(scratch.clock() + seconds); }
  bool lives(const SignIn& session, AccountService::Use use = AccountService::Use::counts) {
    return accounts.by_session(session.cookie.reveal(), use).has_value();
  }
  ErrorCode login_fault(const char* password) {
    const auto answer = accounts.login("admin", Secret(std::string_view(password)), actor);
    return answer ? ErrorCode::internal : answer.error().code;
  }
};

}  // namespace

TEST_CASE("A set-up code is good for 15 minutes and a newer one replaces it") {
  Rig rig;
  const auto old = *rig.accounts.new_setup_code();
  const auto code = *rig.accounts.new_setup_code();
  const auto fault = [&](const Secret& tried) {
    const auto answer = rig.accounts.setup(tried, "admin", Secret(std::string_view("short")), rig.actor);
    return answer.error().code;
  };
  CHECK(fault(old) == ErrorCode::invalid_setup_code);
  rig.pass(15 * kMinute - 1);
  CHECK(fault(code) == ErrorCode::invalid_request);
  rig.pass(1);
  CHECK(fault(code) == ErrorCode::invalid_setup_code);
  CHECK(rig.accounts.setup_required());
}

TEST_CASE("A session ends when nobody has used it for half an hour") {
  Rig rig;
  const auto session = rig.set_up();
  for (int i = 0; i < 5; ++i) {
    rig.pass(29 * kMinute);
    CHECK(rig.lives(session));
  }
  rig.pass(30 * kMinute);
  CHECK_FALSE(rig.lives(session));
}

TEST_CASE("An open dashboard that nobody touches is no use of a session") {
  Rig rig;
  const auto session = rig.set_up();
  rig.pass(20 * kMinute);
  CHECK(rig.lives(session, AccountService::Use::background));
  rig.pass(10 * kMinute);
  CHECK_FALSE(rig.lives(session, AccountService::Use::background));
}

TEST_CASE("A session ends after twelve hours however much it is used") {
  Rig rig;
  const auto session = rig.set_up();
  for (int i = 1; i < 36; ++i) {
    rig.pass(20 * kMinute);
    REQUIRE(rig.lives(session));
  }
  rig.pass(20 * kMinute);
  CHECK_FALSE(rig.lives(session));
}

TEST_CASE("A clock set back revives no session") {
  Rig rig;
  const auto session = rig.set_up();
  rig.pass(31 * kMinute);
  CHECK_FALSE(rig.lives(session));
  rig.scratch.write([](store::Transaction& /*any commit keeps the clock's highest reading*/) { return Done{}; });
  REQUIRE(rig.accounts.login("admin", Secret(std::string_view(kPassword)), rig.actor));
  rig.pass(-31 * kMinute);
  CHECK_FALSE(rig.lives(session));
}

TEST_CASE("Old sessions are taken away and a live one stays") {
  Rig rig;
  const auto old = rig.set_up();
  rig.pass(31 * kMinute);
  const auto fresh = *rig.accounts.login("admin", Secret(std::string_view(kPassword)), rig.actor);
  rig.accounts.end_old_sessions();
  CHECK(rig.scratch.ask("SELECT CAST(COUNT(*) AS TEXT) FROM sessions") == "1");
  CHECK_FALSE(rig.lives(old));
  CHECK(rig.lives(fresh));
}

TEST_CASE("Logging out ends one session and its streams") {
  Rig rig;
  const auto first = rig.set_up();
  const auto second = *rig.accounts.login("admin", Secret(std::string_view(kPassword)), rig.actor);
  const auto id = rig.accounts.by_session(first.cookie.reveal(), AccountService::Use::counts)->credential_id;
  REQUIRE(rig.accounts.logout(id, rig.actor));
  CHECK_FALSE(rig.lives(first));
  CHECK(rig.lives(second));
  CHECK(rig.events.ended == std::vector<std::string>{id});
}

TEST_CASE("A CSRF token belongs to one session") {
  Rig rig;
  const auto first = rig.set_up();
  const auto second = *rig.accounts.login("admin", Secret(std::string_view(kPassword)), rig.actor);
  CHECK(rig.accounts.csrf_matches(first.cookie.reveal(), first.csrf_token.reveal()));
  CHECK_FALSE(rig.accounts.csrf_matches(first.cookie.reveal(), second.csrf_token.reveal()));
  CHECK_FALSE(rig.accounts.csrf_matches(first.cookie.reveal(), ""));
  CHECK(first.csrf_token.reveal() != first.cookie.reveal());
}

TEST_CASE("Five wrong passwords make one wait 15 minutes after the first") {
  Rig rig;
  rig.set_up();
  for (int i = 0; i < 5; ++i) {
    CHECK(rig.login_fault("wrong password") == ErrorCode::invalid_credentials);
    rig.pass(kMinute);
  }
  CHECK(rig.login_fault(kPassword) == ErrorCode::rate_limited);
  rig.pass(10 * kMinute);
  CHECK(rig.accounts.login("admin", Secret(std::string_view(kPassword)), rig.actor));
  // Right ones are not counted.
  for (int i = 0; i < 10; ++i) CHECK(rig.accounts.login("admin", Secret(std::string_view(kPassword)), rig.actor));
}

TEST_CASE("An API token has no role above its maker's and none above its owner's") {
  Rig rig;
  const auto session = rig.set_up();
  auto maker = *rig.accounts.by_session(session.cookie.reveal(), AccountService::Use::counts);
  for (const auto role : {Role::viewer, Role::operator_, Role::admin})
    CHECK(rig.accounts.create_api_token(maker, "t", role, 1, rig.actor));
  maker.role = Role::operator_;
  CHECK(rig.accounts.create_api_token(maker, "t", Role::operator_, 1, rig.actor));
  CHECK(rig.accounts.create_api_token(maker, "t", Role::admin, 1, rig.actor).error().code == ErrorCode::forbidden);
  maker.role = Role::viewer;
  CHECK(rig.accounts.create_api_token(maker, "t", Role::operator_, 1, rig.actor).error().code == ErrorCode::forbidden);
}

TEST_CASE("An API token is over at the second of its expiry and after it is revoked") {
  Rig rig;
  const auto session = rig.set_up();
  const auto maker = *rig.accounts.by_session(session.cookie.reveal(), AccountService::Use::counts);
  const auto brief = *rig.accounts.create_api_token(maker, "brief", Role::viewer, 1, rig.actor);
  const auto revoked = *rig.accounts.create_api_token(maker, "revoked", Role::viewer, 2, rig.actor);
  CHECK(rig.accounts.by_api_token(brief.secret.reveal()));
  rig.pass(24 * kHour - 1);
  CHECK(rig.accounts.by_api_token(brief.secret.reveal())->name == "brief");
  rig.pass(1);
  CHECK_FALSE(rig.accounts.by_api_token(brief.secret.reveal()));
  REQUIRE(rig.accounts.revoke_api_token(revoked.token.id, rig.actor));
  CHECK_FALSE(rig.accounts.by_api_token(revoked.secret.reveal()));
  CHECK(rig.accounts.revoke_api_token(revoked.token.id, rig.actor).error().code == ErrorCode::not_found);
  CHECK(rig.events.ended == std::vector<std::string>{revoked.token.id});
}

TEST_CASE("Nothing in the database is a secret itself") {
  Rig rig;
  const auto code = *rig.accounts.new_setup_code();
  const auto session = *rig.accounts.setup(code, "admin", Secret(std::string_view(kPassword)), rig.actor);
  const auto maker = *rig.accounts.by_session(session.cookie.reveal(), AccountService::Use::counts);
  const auto token = *rig.accounts.create_api_token(maker, "t", Role::viewer, 1, rig.actor);
  const auto rows = rig.scratch.ask("SELECT group_concat(password_hash) FROM users") +
                    rig.scratch.ask("SELECT group_concat(session_hash) FROM sessions") +
                    rig.scratch.ask("SELECT group_concat(token_hash) FROM api_tokens") +
                    rig.scratch.ask("SELECT group_concat(details) FROM audit_events");
  for (const auto* secret : {&code, &session.cookie, &session.csrf_token, &token.secret})
    CHECK(rows.find(secret->reveal()) == std::string::npos);
  CHECK(rows.find(kPassword) == std::string::npos);
}
