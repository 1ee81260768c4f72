#include "apid/service/token_service.h"

#include "apid/service/identifiers.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;
const std::string kShare = WGHUB_SOURCE "/share";

class Types final : public EventSink {
 public:
  void publish(const Event& event) override { seen.push_back(event.type); }
  void end_credential(const std::string& /*id*/) override {}
  std::vector<std::string> seen;
};

RandomBytes counting_bytes() {
  return [next = std::make_shared<std::uint32_t>(1)](std::span<std::uint8_t> bytes) {
    const auto number = (*next)++;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * (i % 4)));
  };
}

TokenSettings settings() {
  TokenSettings result;
  result.lifetime_seconds = kDay;
  result.tokens_per_hour = 3;
  result.unknown_tokens_per_minute = 0;
  result.base_url = [](const std::string& /*endpoint*/) { return "https://hub.example.com"; };
  return result;
}

// An initialised hub with a /29: five addresses for spokes.
struct Rig {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  AuditTrail audit{stores, [this] { return scratch.clock(); }};
  Types events;
  ScriptRenderer scripts{kShare};
  TokenService tokens{stores, audit, events, scripts, counting_bytes(), settings()};
  Actor actor;

  Rig() {
    actor.source_address = "198.51.100.1";
    actor.account_id = "account";
    scratch.write([&](store::Transaction& t) {
      HubConfig hub{*parse_network("10.0.0.0/29"), 51820, store::make_key(1), {}, "vpn.example.com:51820", 1, 1};
      stores.hub.insert(t, hub);
      stores.addresses.initialize(t, hub.network);
      return Done{};
    });
  }
  Outcome<std::vector<IssuedToken>> create(std::size_t many = 1, const char* address = nullptr) {
    TokenRequest request{"spoke", std::nullopt};
    if (address != nullptr) request.custom_address = Network{*parse_address(address), 32};
    return tokens.create(std::vector<TokenRequest>(many, request), actor);
  }
  ErrorCode claim(const IssuedToken& issued) {
    const auto script = tokens.claim(issued.text, Platform::linux, actor);
    return script ? ErrorCode::internal : script.error().code;
  }
  TokenState state(const IssuedToken& issued) { return tokens.details(issued.token.id)->view.state; }
  void pass(std::int64_t seconds) { scratch.set_clock(scratch.clock() + seconds); }
};

}  // namespace

TEST_CASE("A token expires at its second without any job, and a clock set back revives it not") {
  Rig rig;
  const auto issued = rig.create()->front();
  CHECK(issued.token.expires_at == issued.token.created_at + kDay);
  rig.pass(kDay - 1);
  CHECK(rig.state(issued) == TokenState::unused);
  rig.pass(1);
  CHECK(rig.state(issued) == TokenState::expired);
  CHECK(rig.claim(issued) == ErrorCode::token_expired);
  rig.actor.account_id = "another";
  REQUIRE(rig.create());  // a commit: its clock reading is the highest now
  rig.pass(-2 * kDay);
  CHECK(rig.claim(issued) == ErrorCode::token_expired);
  CHECK(rig.state(issued) == TokenState::expired);
}

TEST_CASE("A request that fails leaves nothing and does not count") {
  Rig rig;
  CHECK(rig.create(6).error().code == ErrorCode::pool_exhausted);
  CHECK(rig.create(1, "10.0.0.1").error().code == ErrorCode::ip_already_allocated);
  for (const char* outside : {"10.0.0.0", "10.0.0.7", "10.0.0.8", "192.168.0.1"})
    CHECK(rig.create(1, outside).error().code == ErrorCode::invalid_ip);
  CHECK(rig.create(2, "10.0.0.5").error().code == ErrorCode::ip_already_allocated);
  CHECK(rig.tokens.list(std::nullopt, {})->counts.total() == 0);
  for (int i = 0; i < 3; ++i) CHECK(rig.create());
  const auto refused = rig.create();
  CHECK(refused.error().code == ErrorCode::rate_limited);
  CHECK(refused.error().retry_after == std::chrono::seconds(3600));
  rig.pass(3600);
  CHECK(rig.create());
}

TEST_CASE("A bulk request counts once and gives the lowest addresses") {
  Rig rig;
  const auto issued = *rig.create(5);
  CHECK(to_string(issued.front().token.address) == "10.0.0.2");
  CHECK(to_string(issued.back().token.address) == "10.0.0.6");
  REQUIRE(rig.tokens.revoke(issued[1].token.id, rig.actor));
  CHECK(to_string(rig.create()->front().token.address) == "10.0.0.3");
  REQUIRE(rig.tokens.revoke(issued[0].token.id, rig.actor));
  CHECK(rig.create());
  CHECK(rig.create().error().code == ErrorCode::rate_limited);
}

TEST_CASE("The sum that is told is the sum of the script that is served") {
  Rig rig;
  for (const auto platform : {Platform::linux, Platform::windows}) {
    const auto issued = rig.create()->front();
    const auto looked = rig.tokens.peek(issued.text, platform, rig.actor);
    const auto script = rig.tokens.claim(issued.text, platform, rig.actor);
    REQUIRE(script);
    CHECK(*looked == *script);
    CHECK(sha256_hex(*script) == issued.script_sha256.at(platform));
    CHECK(rig.claim(issued) == ErrorCode::token_already_used);
  }
}

TEST_CASE("An expired token's address is free for the next one") {
  Rig rig;
  REQUIRE(rig.create(5));
  CHECK(rig.create().error().code == ErrorCode::pool_exhausted);
  rig.pass(kDay);
  const auto next = rig.create(5);
  REQUIRE(next);
  CHECK(to_string(next->front().token.address) == "10.0.0.2");
}

TEST_CASE("Old tokens are taken away after their retention and not before") {
  Rig rig;
  const auto issued = rig.create()->front();
  rig.pass(400 * kDay);
  rig.tokens.prune(400 * kDay);
  CHECK(rig.state(issued) == TokenState::expired);
  rig.pass(2 * kDay);
  rig.tokens.prune(400 * kDay);
  CHECK(rig.tokens.details(issued.token.id).error().code == ErrorCode::token_not_found);
}

TEST_CASE("A report that changed nothing releases a claim from its own address five times") {
  Rig rig;
  const auto issued = rig.create()->front();
  const auto report = [&](std::int64_t code) {
    InstallReport what;
    what.stage = "preflight";
    what.code = code;
    return static_cast<bool>(rig.tokens.report({issued.text, what}, rig.actor));
  };
  REQUIRE(rig.claim(issued) == ErrorCode::internal);
  for (const int code : {0, 9, 17, 40}) {
    CHECK(report(code));
    CHECK(rig.state(issued) == TokenState::claimed);
  }
  rig.actor.source_address = "198.51.100.2";
  CHECK(report(10));
  CHECK(rig.state(issued) == TokenState::claimed);
  rig.actor.source_address = "198.51.100.1";
  for (int i = 0; i < 5; ++i) {
    CHECK(report(i == 0 ? 10 : 16));
    CHECK(rig.state(issued) == TokenState::unused);
    REQUIRE(rig.claim(issued) == ErrorCode::internal);
  }
  CHECK(report(10));
  CHECK(rig.state(issued) == TokenState::claimed);
}

TEST_CASE("A token shows how far its script came: fetched, then what it reported last") {
  Rig rig;
  const auto issued = rig.create()->front();
  const auto progress = [&] {
    const auto shown = progress_of(rig.tokens.details(issued.token.id)->view.token);
    return shown ? shown->stage + std::to_string(shown->code) : "none";
  };
  const auto report = [&](const char* stage, int code) {
    ReportRequest request{issued.text, {}};
    request.report.stage = stage;
    request.report.code = code;
    CHECK(rig.tokens.report(request, rig.actor));
  };
  CHECK(progress() == "none");
  rig.claim(issued);
  CHECK(progress() == "fetched0");
  report("preflight", 10);  // gives the token back
  CHECK(rig.state(issued) == TokenState::unused);
  CHECK(progress() == "preflight10");
  rig.pass(1);
  rig.claim(issued);
  CHECK(progress() == "fetched0");
  rig.pass(1);
  report("packages", 0);
  CHECK(progress() == "packages0");
  std::string timeline;
  const auto details = rig.tokens.details(issued.token.id);
  REQUIRE(details);
  for (const auto& entry : details->timeline) timeline += entry.stage + std::to_string(entry.code) + " ";
  CHECK(timeline == "fetched0 preflight10 fetched0 packages0 ");
}
