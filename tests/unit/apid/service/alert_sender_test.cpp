#include "apid/service/alert_sender.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::int64_t kDay = 24 * 60 * 60;

struct FakeCourier : Courier {
  std::optional<std::string> deliver(const AlertTarget& target, const Message& message) override {
    ++tries;
    if (!fault.empty()) return fault;
    delivered.push_back(target.name + ": " + message.text.substr(message.text.find("\n\n") + 2));
    subjects.push_back(message.subject);
    return std::nullopt;
  }
  std::optional<std::int64_t> certificate_end(const std::string&) override { return std::nullopt; }
  void stop() override {}
  std::string fault;
  int tries = 0;
  std::vector<std::string> delivered;
  std::vector<std::string> subjects;
};

struct Heard : EventSink {
  void publish(const Event& event) override { types.push_back(event.type); }
  void end_credential(const std::string&) override {}
  std::vector<std::string> types;
};

// A sender with time in its hands.
struct Sending {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  FakeCourier courier;
  Heard heard;
  CertificateWatch certificates{stores, {}};
  int minute = 12 * 60;
  std::unique_ptr<AlertSender> sender = make();
  std::int64_t steady = 1000;

  std::unique_ptr<AlertSender> make() {
    return std::make_unique<AlertSender>(
        stores, AlertSenderSurroundings{courier, heard, certificates, [this](std::int64_t) { return minute; }, "hub"});
  }
  void add_target(const std::string& name, std::vector<AlertKind> kinds = {kAlertKinds.begin(), kAlertKinds.end()},
                  std::optional<QuietHours> quiet_hours = std::nullopt) {
    AlertTarget target;
    target.id = name;
    target.name = name;
    target.address = Secret(std::string("https://example.net/x"));
    target.kinds = std::move(kinds);
    target.quiet_hours = quiet_hours;
    scratch.write([&](store::Transaction& t) {
      stores.alert_targets.insert(t, target);
      return Done{};
    });
  }
  void happen(AlertKind kind, const std::string& name) {
    scratch.write([&](store::Transaction& t) {
      stores.alerts.append(t, {0, 0, kind, "70", "id", name});
      return Done{};
    });
  }
  AlertTarget target(const std::string& name) {
    return *scratch.read([&](store::Transaction& t) { return stores.alert_targets.find(t, name); });
  }
  void pass(std::int64_t seconds) {
    for (std::int64_t i = 0; i < seconds; i += 2) {
      steady += 2;
      scratch.set_clock(scratch.clock() + 2);
      sender->round(steady);
    }
  }
};

}  // namespace

TEST_CASE("What happens together is one message, and is told once") {
  Sending rig;
  rig.add_target("chat");
  rig.happen(AlertKind::spoke_down, "one");
  rig.pass(2);
  rig.happen(AlertKind::spoke_down, "two");
  rig.pass(20);
  REQUIRE(rig.courier.delivered.size() == 1);
  CHECK(rig.courier.delivered[0].find("one is down") != std::string::npos);
  CHECK(rig.courier.delivered[0].find("two is down") != std::string::npos);
  CHECK(rig.courier.subjects[0] == "[hub] 2 down");
  CHECK(rig.heard.types == std::vector<std::string>{"alert", "alert"});
  CHECK(rig.target("chat").last_delivered_at);
  rig.sender = rig.make();
  rig.pass(3600);
  CHECK(rig.courier.delivered.size() == 1);
}

TEST_CASE("Every target hears of its kinds alone") {
  Sending rig;
  rig.add_target("chat", {AlertKind::alarm});
  rig.add_target("mail", {AlertKind::spoke_up, AlertKind::spoke_down});
  rig.happen(AlertKind::spoke_down, "one");
  rig.pass(20);
  REQUIRE(rig.courier.delivered.size() == 1);
  CHECK(rig.courier.delivered[0].starts_with("mail"));
  CHECK(rig.target("chat").told_until == 1);
}

TEST_CASE("What was not delivered is tried again with growing pauses, and nothing is lost") {
  Sending rig;
  rig.add_target("chat");
  rig.courier.fault = "HTTP status 500";
  rig.happen(AlertKind::spoke_down, "one");
  rig.pass(600);
  CHECK(rig.courier.tries >= 5);
  CHECK(rig.courier.tries <= 8);
  CHECK(rig.target("chat").failing_since);
  CHECK(rig.target("chat").last_error == "HTTP status 500");
  rig.happen(AlertKind::spoke_up, "one");
  rig.courier.fault.clear();
  rig.pass(900);
  REQUIRE(rig.courier.delivered.size() == 1);
  CHECK(rig.courier.delivered[0].find("one is back") != std::string::npos);
  CHECK_FALSE(rig.target("chat").failing_since);
  CHECK(rig.target("chat").last_error.empty());
}

TEST_CASE("What could not be told for three days is not told any more") {
  Sending rig;
  rig.add_target("chat");
  rig.happen(AlertKind::spoke_down, "old");
  rig.scratch.set_clock(kNow + 3 * kDay + 60);
  rig.happen(AlertKind::spoke_down, "new");
  rig.pass(20);
  REQUIRE(rig.courier.delivered.size() == 1);
  CHECK(rig.courier.delivered[0].find("old") == std::string::npos);
}

TEST_CASE("In quiet hours nothing is sent; at their end all of it, in one message") {
  Sending rig;
  rig.add_target("mail", {kAlertKinds.begin(), kAlertKinds.end()}, QuietHours{22 * 60, 7 * 60});
  rig.add_target("chat");
  rig.minute = 23 * 60;
  rig.happen(AlertKind::spoke_down, "one");
  rig.pass(60);
  rig.happen(AlertKind::spoke_up, "one");
  rig.pass(60);
  CHECK(rig.courier.delivered.size() == 2);
  CHECK(rig.courier.delivered[0].starts_with("chat"));
  CHECK(rig.courier.delivered[1].starts_with("chat"));
  rig.minute = 7 * 60;
  rig.pass(20);
  REQUIRE(rig.courier.delivered.size() == 3);
  CHECK(rig.courier.delivered[2].find("one is down") < rig.courier.delivered[2].find("one is back"));
}

TEST_CASE("Much at once is told in few lines, and counted") {
  Sending rig;
  rig.add_target("chat");
  for (int number = 0; number < 300; ++number) rig.happen(AlertKind::spoke_down, "s" + std::to_string(number));
  rig.pass(20);
  REQUIRE(rig.courier.delivered.size() == 1);
  CHECK(rig.courier.delivered[0].find("and 250 more") != std::string::npos);
}

TEST_CASE("A disabled target hears nothing") {
  Sending rig;
  rig.add_target("chat");
  auto target = rig.target("chat");
  target.enabled = false;
  rig.scratch.write([&](store::Transaction& t) {
    rig.stores.alert_targets.save_settings(t, target);
    return Done{};
  });
  rig.happen(AlertKind::spoke_down, "one");
  rig.pass(60);
  CHECK(rig.courier.tries == 0);
}

TEST_CASE("Quiet hours may go over midnight") {
  const QuietHours night{22 * 60, 7 * 60};
  CHECK(night.contains(23 * 60));
  CHECK(night.contains(0));
  CHECK_FALSE(night.contains(7 * 60));
  CHECK_FALSE(night.contains(12 * 60));
  const QuietHours noon{12 * 60, 13 * 60};
  CHECK(noon.contains(12 * 60));
  CHECK_FALSE(noon.contains(13 * 60));
}
