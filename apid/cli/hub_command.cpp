// wghub hub: the hub's own configuration and interface.
#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

Exit show_hub(const Task& task) {
  const auto config = ask(task.hub, "GET", "/api/hub/config");
  if (!config) return config.error();
  const auto spokes = ask(task.hub, "GET", "/api/spoke/list?limit=1");
  if (!spokes) return spokes.error();
  // Last: without its helper the hub cannot say this, and that is told beside what it can.
  const auto status = ask(task.hub, "GET", "/api/hub/status?limit=1");
  const auto peers = status ? status->at("peerCount") : boost::json::value();
  if (task.format == Format::json) {
    const auto& count = [&](const char* name) { return spokes->at(name); };
    print_json(boost::json::object{{"hubConfig", *config},
                                   {"peerCount", peers},
                                   {"spokes",
                                    {{"totalCount", count("totalCount")},
                                     {"activeCount", count("activeCount")},
                                     {"inactiveCount", count("inactiveCount")},
                                     {"pendingCount", count("pendingCount")}}}});
  } else {
    auto lines = lines_of(*config, {{"endpoint", "endpoint"},
                                    {"network", "networkCIDR"},
                                    {"address", "interfaceAddress"},
                                    {"UDP port", "listenPort"},
                                    {"DNS", "dns"},
                                    {"public key", "publicKey"},
                                    {"since", "createdAt"},
                                    {"changed", "updatedAt"}});
    lines.emplace_back("spokes", in_words(spokes->at("totalCount")) + ": " + in_words(spokes->at("activeCount")) +
                                     " active, " + in_words(spokes->at("inactiveCount")) + " inactive, " +
                                     in_words(spokes->at("pendingCount")) + " pending");
    lines.emplace_back("peers", in_words(peers));
    write_to(stdout, aligned(lines));
  }
  return status ? Exit::done : status.error();
}

Exit show_conf(const Task& task) {
  const auto answer = task.hub.call("GET", "/admin/hub/conf");
  if (!answer) return Exit::unreachable;
  if (answer->status != 200) return refused(*answer);
  write_to(stdout, answer->body);
  return Exit::done;
}

}  // namespace

Group hub_commands() {
  return {
      "hub",
      "the hub itself",
      {{"show", "show its configuration, and how many spokes and peers it has", {}, show_hub},
       {"show-conf", "for root: print the wg0.conf that the hub amounts to, without its private key", {}, show_conf}}};
}

}  // namespace wghub::cli
