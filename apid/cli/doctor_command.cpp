#include "apid/cli/doctor_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>

#include "apid/cli/doctor/checks.h"
#include "apid/cli/doctor/hub_facts.h"
#include "apid/cli/doctor/machine_facts.h"

namespace wghub::cli {
namespace {

const char* word_of(State state) {
  switch (state) {
    case State::good:
      return "good";
    case State::note:
      return "note";
    case State::wrong:
      return "wrong";
    case State::unknown:
      return "unknown";
  }
  return "";
}

std::set<std::string> split(const std::string& text) {
  std::set<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) names.insert(name);
  return names;
}

void read_configuration(Facts& facts) {
  try {
    if (!std::filesystem::is_regular_file(facts.configuration_path))
      throw std::runtime_error(facts.configuration_path + ": there is no such file");
    facts.configuration = app::read_configuration(facts.configuration_path, {});
  } catch (const std::exception& fault) {
    facts.configuration_fault = fault.what();
  }
}

Facts gather(const Task& task) {
  Facts facts;
  facts.configuration_path = task.given.text("--config");
  read_configuration(facts);
  facts.hub = gather_hub_facts(task.hub);
  facts.machine = gather_machine_facts(facts, task.hub.socket());
  return facts;
}

class Report {
 public:
  explicit Report(Format format) : format_(format) {}

  void add(const std::string& check, const Finding& finding) {
    ++counts_[static_cast<std::size_t>(finding.state)];
    if (format_ == Format::json) {
      checks_.push_back(boost::json::object{
          {"check", check}, {"state", word_of(finding.state)}, {"found", finding.found}, {"advice", finding.advice}});
      return;
    }
    write_to(stdout, fmt::format("{:<8} {:<17} {}\n", word_of(finding.state), check, printable(finding.found)));
    if (!finding.advice.empty()) write_to(stdout, fmt::format("{:26} -> {}\n", "", printable(finding.advice)));
  }

  Exit end() const {
    if (format_ == Format::json)
      print_json(boost::json::object{{"checks", checks_},
                                     {"good", count(State::good)},
                                     {"notes", count(State::note)},
                                     {"wrong", count(State::wrong)},
                                     {"unknown", count(State::unknown)}});
    else
      write_to(stdout, fmt::format("\n{} good, {} notes, {} wrong, {} unknown\n", count(State::good),
                                   count(State::note), count(State::wrong), count(State::unknown)));
    return count(State::wrong) == 0 ? Exit::done : Exit::faulty;
  }

 private:
  int count(State state) const { return counts_[static_cast<std::size_t>(state)]; }

  Format format_;
  boost::json::array checks_;
  std::array<int, 4> counts_{};
};

}  // namespace

Exit run_doctor(const Task& task) {
  if (!task.hub.is_local()) {
    complain("doctor looks at the machine that it runs on: run it on the hub, as root, without --url");
    return Exit::wrong_use;
  }
  const auto checks = all_checks();
  auto skipped = split(task.given.text("--skip"));
  for (const auto& name : skipped) {
    if (std::any_of(checks.begin(), checks.end(), [&](const Check& check) { return check.name == name; })) continue;
    complain("there is no check " + printable(name));
    return Exit::wrong_use;
  }
  const auto facts = gather(task);
  Report report(task.format);
  for (const auto& check : checks)
    if (!skipped.contains(check.name)) report.add(check.name, check.look(facts));
  return report.end();
}

std::vector<Argument> doctor_arguments() {
  return {{"--config", "apid's configuration", Need::optional, {}, "/etc/wireguard-hub/apid.toml"},
          {"--skip", "checks to leave out, by their names, with commas"}};
}

}  // namespace wghub::cli
