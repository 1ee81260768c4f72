#include "apid/endpoint/meter.h"

#include <prometheus/text_serializer.h>

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::endpoint;
using namespace std::chrono_literals;

namespace {

struct Heard : EventSink {
  void publish(const Event& event) override { heard.push_back(event.type); }
  void end_credential(const std::string& id) override { heard.push_back("end " + id); }
  std::vector<std::string> heard;
};

struct Rig {
  Heard next;
  Meter meter{next};

  std::string text() const { return prometheus::TextSerializer().Serialize(meter.collect()); }
  bool says(const std::string& line) const { return text().find("\n" + line + "\n") != std::string::npos; }
  std::size_t lines(const std::string& name) const {
    const auto all = text();
    std::size_t count = 0;
    for (auto place = all.find("\n" + name); place != std::string::npos; place = all.find("\n" + name, place + 1))
      ++count;
    return count;
  }
};

Event status_event(SpokeStatus status) {
  Spoke spoke;
  spoke.status = status;
  return {"spoke.status", 0, spoke};
}

Event report_event(std::int64_t code) {
  InstallReport report;
  report.code = code;
  report.reason = "whatever a script says";
  return {"install.report", 0, report};
}

}  // namespace

TEST_CASE("Answers are counted by method, row and status, with their time") {
  Rig rig;
  rig.meter.count({"GET", "/api/spoke/{id}/status", 200, "", 4ms});
  rig.meter.count({"GET", "/api/spoke/{id}/status", 200, "", 40ms});
  rig.meter.count({"GET", "/api/spoke/{id}/status", 404, "SPOKE_NOT_FOUND", 1ms});
  rig.meter.count({"GET", "", 404, "NOT_FOUND", 1ms});
  const std::string labels = R"(method="GET",route="/api/spoke/{id}/status",status="200")";
  CHECK(rig.says("wireguard_api_request_duration_seconds_count{" + labels + "} 2"));
  CHECK(rig.says("wireguard_api_request_duration_seconds_bucket{" + labels + R"(,le="0.005"} 1)"));
  CHECK(rig.says("wireguard_api_request_duration_seconds_bucket{" + labels + R"(,le="0.05"} 2)"));
  CHECK(rig.says(R"(wireguard_api_request_duration_seconds_count{method="GET",route="none",status="404"} 1)"));
  CHECK(rig.says(R"(wireguard_api_errors_total{code="SPOKE_NOT_FOUND"} 1)"));
  CHECK(rig.lines("wireguard_api_errors_total") == 2);
}

TEST_CASE("Refused registrations and logins are counted by themselves, and begin at 0") {
  Rig rig;
  CHECK(rig.says(R"(wireguard_spoke_registration_failures_total{code="HELPER_UNAVAILABLE"} 0)"));
  CHECK(rig.says(R"(wireguard_sign_ins_refused_total{code="INVALID_CREDENTIALS"} 0)"));
  rig.meter.count({"POST", "/api/spoke/register", 503, "HELPER_UNAVAILABLE", 1ms});
  rig.meter.count({"POST", "/api/spoke/register", 201, "", 1ms});
  rig.meter.count({"POST", "/api/auth/login", 401, "INVALID_CREDENTIALS", 1ms});
  rig.meter.count({"POST", "/api/auth/login", 401, "TOTP_REQUIRED", 1ms});  // goes on with the second factor
  CHECK(rig.says(R"(wireguard_spoke_registration_failures_total{code="HELPER_UNAVAILABLE"} 1)"));
  CHECK(rig.says(R"(wireguard_sign_ins_refused_total{code="INVALID_CREDENTIALS"} 1)"));
  CHECK(rig.text().find("sign_ins_refused_total{code=\"TOTP_REQUIRED\"}") == std::string::npos);
}

TEST_CASE("Events are counted and handed on as they came") {
  Rig rig;
  for (const char* type : {"token.created", "token.created", "token.claimed", "spoke.registered", "hub.updated"})
    rig.meter.publish({type, 0, {}});
  rig.meter.publish(status_event(SpokeStatus::active));
  rig.meter.publish(status_event(SpokeStatus::inactive));
  rig.meter.publish({"alarm", 0, Alarm{"second-key", "somebody", "somewhere"}});
  rig.meter.end_credential("c");
  CHECK(rig.says("wireguard_tokens_generated_total 2"));
  CHECK(rig.says("wireguard_tokens_claimed_total 1"));
  CHECK(rig.says("wireguard_spokes_registered_total 1"));
  CHECK(rig.says("wireguard_handshake_failures_total 1"));
  CHECK(rig.says(R"(wireguard_alarms_total{kind="second-key"} 1)"));
  CHECK(rig.says(R"(wireguard_alarms_total{kind="clock-ahead"} 0)"));
  CHECK(rig.next.heard == std::vector<std::string>{"token.created", "token.created", "token.claimed",
                                                   "spoke.registered", "hub.updated", "spoke.status", "spoke.status",
                                                   "alarm", "end c"});
}

TEST_CASE("Whatever code a script reports, the series are as many as before") {
  Rig rig;
  const auto before = rig.lines("wireguard_install_failures_total");
  for (std::int64_t code = 0; code <= 255; ++code) rig.meter.publish(report_event(code));
  CHECK(rig.lines("wireguard_install_failures_total") == before);
  CHECK(rig.says(R"(wireguard_install_failures_total{code="60"} 1)"));
  CHECK(rig.says(R"(wireguard_install_failures_total{code="other"} 230)"));
  CHECK(rig.text().find("whatever") == std::string::npos);
}

TEST_CASE("Calls of the helper are counted by outcome") {
  Rig rig;
  rig.meter.helper_answered("addPeers", "done", 3);
  CHECK(rig.says("wireguard_helper_up 1"));
  rig.meter.helper_answered("addPeers", "unreachable", 1);
  rig.meter.helper_answered("addPeers", "done", 0);
  CHECK(rig.says("wireguard_helper_up 0"));
  rig.meter.helper_took("addPeers", 2ms);
  CHECK(rig.says(R"(wireguard_helper_answers_total{call="addPeers",outcome="done"} 3)"));
  CHECK(rig.says(R"(wireguard_helper_answers_total{call="addPeers",outcome="unreachable"} 1)"));
  CHECK(rig.says(R"(wireguard_helper_call_duration_seconds_count{call="addPeers"} 1)"));
}
