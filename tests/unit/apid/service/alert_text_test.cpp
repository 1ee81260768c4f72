#include "apid/service/alert_text.h"

#include <boost/json/parse.hpp>

#include "tests/catch.hpp"

using namespace wghub;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;

Alert make(AlertKind kind, const std::string& reason, const std::string& name, const std::string& subject = "id") {
  return {7, kNow, kind, reason, subject, name};
}

}  // namespace

TEST_CASE("Each kind of alert is one sentence") {
  CHECK(text_of(make(AlertKind::spoke_down, "66", "büro")) == "büro is down: nothing was heard of it for 66 s.");
  CHECK(text_of(make(AlertKind::spoke_up, "125", "a")) == "a is back after 2 min.");
  CHECK(text_of(make(AlertKind::spoke_up, "11100", "a")) == "a is back after 3 h 5 min.");
  CHECK(text_of(make(AlertKind::spoke_up, "180000", "a")) == "a is back after 2 d 2 h.");
  CHECK(text_of(make(AlertKind::install_failed, "60 NO_HANDSHAKE", "a")) ==
        "The installation on a failed: 60 NO_HANDSHAKE.");
  CHECK(text_of(make(AlertKind::alarm, "second-key", "a")) ==
        "Alarm: A second machine tried to use the command of a spoke: a.");
  CHECK(text_of(make(AlertKind::alarm, "clock-ahead", "")) == "Alarm: The hub's clock was set forward.");
  CHECK(text_of(make(AlertKind::alarm, "of-a-later-release", "")) == "Alarm: of-a-later-release.");
  CHECK(text_of(make(AlertKind::certificate, "13", "", "https://hub.example.net")) ==
        "The certificate of https://hub.example.net ends in 13 days.");
  CHECK(text_of(make(AlertKind::certificate, "0", "", "https://hub.example.net")) ==
        "The certificate of https://hub.example.net has ended.");
}

TEST_CASE("A mail's subject is ASCII on one line, whatever a spoke is called") {
  CHECK(compose({make(AlertKind::spoke_up, "70", "a")}, "hub", kNow).subject == "[hub] a is back after 70 s.");
  CHECK(compose({make(AlertKind::spoke_up, "70", "büro")}, "hub", kNow).subject == "[hub] 1 back");
  CHECK(compose({make(AlertKind::spoke_up, "70", std::string(200, 'x'))}, "hub", kNow).subject == "[hub] 1 back");
  const std::vector<Alert> both = {make(AlertKind::alarm, "clock-ahead", ""), make(AlertKind::spoke_down, "70", "a")};
  CHECK(compose(both, "hub", kNow).subject == "[hub] 1 down, 1 alarms");
}

TEST_CASE("A webhook is sent text for people and alerts for programs") {
  const auto message = compose({make(AlertKind::spoke_down, "66", "a \"b\"")}, "hub.example.net", kNow);
  const auto json = boost::json::parse(message.json).as_object();
  CHECK(json.at("type").as_string() == "alerts");
  CHECK(json.at("hub").as_string() == "hub.example.net");
  CHECK(json.at("at").as_string() == "2023-11-14T22:13:20Z");
  CHECK(json.at("text").as_string() == message.text);
  const auto& alert = json.at("alerts").as_array().at(0).as_object();
  CHECK(alert.at("kind").as_string() == "spoke-down");
  CHECK(alert.at("name").as_string() == "a \"b\"");
  CHECK(boost::json::parse(compose_test("hub", kNow).json).as_object().at("alerts").as_array().empty());
}
