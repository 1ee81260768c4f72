// wghub alert: what was worth telling, and who is told.
#include <string_view>

#include "apid/cli/families.h"
#include "apid/cli/request.h"
#include "apid/cli/secret_file.h"

namespace wghub::cli {
namespace {

const ListRoute kAlerts{"/api/alerts", "alerts"};
const ListRoute kTargets{"/api/alerts/targets", "targets", ListRoute::Kind::whole};

// "a,b" as an array; what is in it the hub judges.
boost::json::array words_of(std::string_view text) {
  boost::json::array words;
  while (!text.empty()) {
    const auto comma = text.find(',');
    words.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return words;
}

// "22:00-07:00", or "none".
boost::json::value quiet_hours_of(const std::string& text) {
  if (text == "none") return nullptr;
  const auto dash = text.find('-');
  return boost::json::object{{"from", text.substr(0, dash)},
                             {"until", dash == std::string::npos ? "" : text.substr(dash + 1)}};
}

std::string quiet_hours_in_words(const boost::json::object& target) {
  const auto* const hours = target.at("quietHours").if_object();
  return hours != nullptr ? in_words(hours->at("from")) + "-" + in_words(hours->at("until")) : "-";
}

std::string state_in_words(const boost::json::object& target) {
  if (!target.at("enabled").as_bool()) return "disabled";
  if (!target.at("failingSince").is_null()) return "failing: " + in_words(target.at("lastError"));
  return target.at("lastDeliveredAt").is_null() ? "nothing sent yet" : "good";
}

// The address of a webhook lets whoever has it write there: it is in a file, never an argument.
Asked<boost::json::object> address_of(const Task& task) {
  const auto& file = task.given.text("--webhook-file");
  const auto& mail = task.given.text("--mail");
  if (file.empty() == mail.empty()) {
    complain("either --webhook-file or --mail is needed");
    return Exit::wrong_use;
  }
  if (!mail.empty()) return boost::json::object{{"channel", "mail"}, {"address", mail}};
  const auto address = read_secret_file(file);
  if (!address) return Exit::wrong_use;
  return boost::json::object{{"channel", "webhook"}, {"address", address->reveal()}};
}

Exit list_alerts(const Task& task) {
  return show_list(task, kAlerts, task.given.number("--limit"),
                   {column("AT", "at"), column("KIND", "kind"), column("WHAT", "text")});
}

Exit list_targets(const Task& task) {
  return show_list(task, kTargets, kUsualLimit,
                   {column("ID", "id"), column("CHANNEL", "channel"), column("ADDRESS", "address"),
                    Column{"QUIET", quiet_hours_in_words}, Column{"STATE", state_in_words}, column("NAME", "name")});
}

Exit add_target(const Task& task) {
  const auto address = address_of(task);
  if (!address) return address.error();
  auto body = *address;
  body["name"] = task.given.text("NAME");
  if (task.given.has("--kinds")) body["kinds"] = words_of(task.given.text("--kinds"));
  if (task.given.has("--quiet")) body["quietHours"] = quiet_hours_of(task.given.text("--quiet"));
  const auto answer = ask(task.hub, "POST", kTargets.path, body);
  if (!answer) return answer.error();
  if (task.format == Format::json) return show_done(task, answer, "");
  auto lines = lines_of(object_in(*answer, "target"), {{"target", "id"}, {"address", "address"}, {"kinds", "kinds"}});
  const auto& key = answer->at("signingKey");
  if (!key.is_null()) lines.emplace_back("signing key", in_words(key));
  write_to(stdout, aligned(lines));
  if (!key.is_null()) write_to(stderr, "The signing key is shown this once.\n");
  return Exit::done;
}

Exit change(const Task& task, const boost::json::object& body, const std::string& said) {
  const auto id = id_of(task.hub, kTargets, "name", task.given.text("TARGET"));
  if (!id) return id.error();
  return show_done(task, ask(task.hub, "PUT", kTargets.path + "/" + *id, body), "alert target " + *id + said);
}

Exit enable(const Task& task) { return change(task, {{"enabled", true}}, " is told what happens from now on"); }

Exit disable(const Task& task) { return change(task, {{"enabled", false}}, " is told nothing"); }

Exit set_quiet_hours(const Task& task) {
  return change(task, {{"quietHours", quiet_hours_of(task.given.text("HOURS"))}}, " has other quiet hours");
}

Exit test_target(const Task& task) {
  const auto id = id_of(task.hub, kTargets, "name", task.given.text("TARGET"));
  if (!id) return id.error();
  return show_done(task, ask(task.hub, "POST", kTargets.path + "/" + *id + "/test"),
                   "alert target " + *id + " took a test message");
}

Exit remove_target(const Task& task) {
  const auto id = id_of(task.hub, kTargets, "name", task.given.text("TARGET"));
  if (!id) return id.error();
  return show_done(task, ask(task.hub, "DELETE", kTargets.path + "/" + *id), "alert target " + *id + " was removed");
}

Argument target_argument() { return {"TARGET", "its id, or its name where no other has it", Need::required}; }

}  // namespace

Group alert_commands() {
  return {"alert",
          "what was worth telling, and who is told",
          {{"list", "show what happened, the newest first", {limit_argument(100)}, list_alerts},
           {"targets", "show who is told, and whether it arrives", {}, list_targets},
           {"add",
            "tell somebody by webhook or mail",
            {{"NAME", "what it is called", Need::required},
             {"--webhook-file", "a file with an https URL, which only its owner and group may read"},
             {"--mail", "a mail address"},
             {"--kinds", "spoke-down, spoke-up, install-failed, alarm, certificate, with commas; all when left out"},
             {"--quiet", "hours without messages, as 22:00-07:00 in the hub's time"}},
            add_target},
           {"quiet",
            "other hours without messages",
            {target_argument(), {"HOURS", "as 22:00-07:00, or none", Need::required}},
            set_quiet_hours},
           {"enable", "tell it again", {target_argument()}, enable},
           {"disable", "tell it nothing", {target_argument()}, disable},
           {"test", "send a message now, and say whether it was taken", {target_argument()}, test_target},
           {"remove", "tell it nothing any more", {target_argument()}, remove_target}}};
}

}  // namespace wghub::cli
