#include "apid/service/second_factor.h"

#include <liboath/oath.h>

#include <array>
#include <memory>

#include "tests/catch.hpp"
#include "tests/unit/apid/service/people_rig.h"

using namespace wghub;

namespace {

// An admin with a second factor, and his authenticator.
struct Rig : PeopleRig {
  SignIn admin = set_up();
  Secret key = people.second_factor.offer(admin.user.id, stranger)->secret;

  std::string code(std::int64_t seconds_from_now = 0) {
    char* bytes = nullptr;
    std::size_t length = 0;
    REQUIRE(oath_base32_decode(key.reveal().data(), key.reveal().size(), &bytes, &length) == OATH_OK);
    const std::unique_ptr<char, void (*)(void*)> held(bytes, std::free);
    std::array<char, 7> digits{};
    REQUIRE(oath_totp_generate(bytes, length, clock() + seconds_from_now, 30, 0, 6, digits.data()) == OATH_OK);
    return digits.data();
  }
  std::vector<Secret> confirm() {
    auto codes = *people.second_factor.confirm(admin.user.id, secret(code()), stranger);
    pass(30);  // the code that confirmed is used up
    return codes;
  }
  ErrorCode fault(std::optional<std::string_view> typed) { return login_fault("admin", kPassword, typed); }
  Outcome<SignIn> login_with(std::string_view typed) { return login("admin", kPassword, typed); }
};

}  // namespace

TEST_CASE("A second factor that is offered but not confirmed is asked of nobody") {
  Rig rig;
  CHECK(rig.login());
  CHECK(rig.people.second_factor.confirm(rig.admin.user.id, secret("000000"), rig.stranger).error().code ==
        ErrorCode::totp_invalid);
  CHECK(rig.login());
  const auto first = rig.code();
  rig.key = rig.people.second_factor.offer(rig.admin.user.id, rig.stranger)->secret;
  CHECK(rig.people.second_factor.confirm(rig.admin.user.id, secret(first), rig.stranger).error().code ==
        ErrorCode::totp_invalid);
  CHECK(rig.confirm().size() == 10);
  CHECK(rig.people.second_factor.offer(rig.admin.user.id, rig.stranger).error().code == ErrorCode::totp_active);
  CHECK(rig.people.second_factor.confirm(rig.admin.user.id, secret(rig.code()), rig.stranger).error().code ==
        ErrorCode::not_found);
}

TEST_CASE("Only who has the right password learns that there is a second factor") {
  Rig rig;
  rig.confirm();
  CHECK(rig.fault(std::nullopt) == ErrorCode::totp_required);
  CHECK(rig.login_fault("admin", "wrong", std::nullopt) == ErrorCode::invalid_credentials);
  CHECK(rig.login_fault("admin", "wrong", rig.code()) == ErrorCode::invalid_credentials);
  CHECK(rig.login_with(rig.code()));
}

TEST_CASE("No code is accepted twice, nor one before it") {
  Rig rig;
  rig.confirm();
  const auto before = rig.code(-30);
  const auto code = rig.code();
  const auto next = rig.code(30);
  CHECK(rig.login_with(code));
  CHECK(rig.fault(code) == ErrorCode::totp_invalid);
  CHECK(rig.fault(before) == ErrorCode::totp_invalid);
  CHECK(rig.login_with(next));
  rig.pass(30);
  CHECK(rig.fault(next) == ErrorCode::totp_invalid);
  rig.pass(30);
  CHECK(rig.login_with(rig.code()));
}

TEST_CASE("The code that confirmed a second factor opens nothing") {
  Rig rig;
  const auto code = rig.code();
  REQUIRE(rig.people.second_factor.confirm(rig.admin.user.id, secret(code), rig.stranger));
  CHECK(rig.fault(code) == ErrorCode::totp_invalid);
}

TEST_CASE("A clock set back makes no used code good again") {
  Rig rig;
  rig.confirm();
  const auto code = rig.code();
  CHECK(rig.login_with(code));
  rig.pass(kHour);
  CHECK(rig.login_with(rig.code()));
  rig.pass(-kHour);
  CHECK(rig.fault(code) == ErrorCode::totp_invalid);
}

TEST_CASE("A recovery code opens the account once, however it is typed") {
  Rig rig;
  const auto codes = rig.confirm();
  CHECK(rig.login_with(codes[0].reveal()));
  CHECK(rig.fault(codes[0].reveal()) == ErrorCode::totp_invalid);
  std::string shouted(codes[1].reveal());
  for (char& character : shouted) character = static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  CHECK(rig.login_with(shouted));
  CHECK(rig.fault(codes[1].reveal()) == ErrorCode::totp_invalid);
  CHECK(rig.login_with(codes[9].reveal()));
  CHECK(rig.events_of("auth.recovery-code-used") == "3");
}

TEST_CASE("Wrong codes are counted as wrong passwords are") {
  Rig rig;
  rig.confirm();
  for (int i = 0; i < 5; ++i) CHECK(rig.fault("12345x") == ErrorCode::totp_invalid);
  CHECK(rig.fault(rig.code()) == ErrorCode::rate_limited);
}

TEST_CASE("Who has the password cannot try codes from everywhere") {
  Rig rig;
  rig.confirm();
  for (int i = 0; i < 50; ++i) {
    rig.stranger.source_address = "198.51.100." + std::to_string(i);
    CHECK(rig.fault("000000x") == ErrorCode::totp_invalid);
  }
  rig.stranger.source_address = "203.0.113.1";
  CHECK(rig.fault(rig.code()) == ErrorCode::rate_limited);
  rig.pass(15 * kMinute);
  CHECK(rig.login_with(rig.code()));
}

TEST_CASE("A step-up asks for the second factor too") {
  Rig rig;
  rig.confirm();
  const auto session = *rig.login_with(rig.code());
  rig.pass(10 * kMinute);
  const auto step_up = [&](std::optional<Secret> code) {
    const auto done =
        rig.people.sign_in.step_up(*rig.who(session), {secret(kPassword), std::move(code)}, rig.actor_of(session));
    return done ? ErrorCode::internal : done.error().code;
  };
  CHECK(step_up(std::nullopt) == ErrorCode::totp_required);
  CHECK(step_up(secret("000000")) == ErrorCode::totp_invalid);
  CHECK_FALSE(rig.who(session)->stepped_up);
  CHECK(step_up(secret(rig.code())) == ErrorCode::internal);
  CHECK(rig.who(session)->stepped_up);
}

TEST_CASE("A second factor that is taken away takes its recovery codes with it") {
  Rig rig;
  rig.confirm();
  REQUIRE(rig.people.second_factor.remove(rig.admin.user.id, rig.stranger));
  CHECK(rig.people.second_factor.remove(rig.admin.user.id, rig.stranger).error().code == ErrorCode::not_found);
  CHECK(rig.login());
  CHECK(rig.scratch.ask("SELECT CAST(COUNT(*) AS TEXT) FROM recovery_codes") == "0");
  CHECK(rig.events_of("auth.totp-enabled") == "1");
  CHECK(rig.events_of("auth.totp-disabled") == "1");
}

TEST_CASE("A reset takes the second factor away") {
  Rig rig;
  rig.confirm();
  REQUIRE(rig.people.users.reset(rig.admin.user.id, secret("seven seas to cross"), rig.root));
  CHECK(rig.login("admin", "seven seas to cross"));
  CHECK(rig.scratch.ask("SELECT CAST(COUNT(*) AS TEXT) FROM recovery_codes") == "0");
}
