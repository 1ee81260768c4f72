// wghub spoke: the machines that have registered.
#include "apid/cli/families.h"
#include "apid/cli/issued_token.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

Asked<std::string> spoke_id(const Task& task) {
  return id_of(task.hub, {"/api/spoke/list", "spokes"}, "name", task.given.text("SPOKE"));
}

Asked<boost::json::object> ask_status(const Task& task) {
  const auto id = spoke_id(task);
  if (!id) return id.error();
  return ask(task.hub, "GET", "/api/spoke/" + *id + "/status");
}

Exit list_spokes(const Task& task) {
  const std::string filters = query_of({{"status", task.given.text("--status")}, {"os", task.given.text("--os")}});
  return show_list(task, {"/api/spoke/list" + filters, "spokes"}, task.given.number("--limit"),
                   {column("ID", "id"), column("STATUS", "status"), column("ADDRESS", "allowedIPs"), column("OS", "os"),
                    column("LAST HANDSHAKE", "lastHandshake"), column("NAME", "name")});
}

Lines lines_of_peer(const boost::json::value& peer) {
  if (!peer.is_object()) return {{"peer", "not seen on the interface"}};
  auto lines = lines_of(peer.get_object(), {{"endpoint", "endpoint"}});
  lines.emplace_back("received", in_bytes(peer.at("transferRx").to_number<std::int64_t>()));
  lines.emplace_back("sent", in_bytes(peer.at("transferTx").to_number<std::int64_t>()));
  return lines;
}

Exit show_spoke(const Task& task) {
  const auto answer = ask_status(task);
  if (!answer) return answer.error();
  if (task.format == Format::json) return show_done(task, answer, "");
  const auto& spoke = object_in(*answer, "spoke");
  auto lines = lines_of(spoke, {{"spoke", "id"},
                                {"name", "name"},
                                {"status", "status"},
                                {"address", "allowedIPs"},
                                {"public key", "publicKey"},
                                {"registered", "registeredAt"},
                                {"last handshake", "lastHandshake"},
                                {"system", "os"},
                                {"token", "tokenId"}});
  if (spoke.at("isProxmox").as_bool()) {
    const auto proxmox =
        lines_of(spoke, {{"node", "proxmoxNodeName"}, {"cluster", "proxmoxClusterId"}, {"Proxmox", "proxmoxVersion"}});
    lines.insert(lines.end(), proxmox.begin(), proxmox.end());
  }
  const auto peer = lines_of_peer(answer->at("wireguardPeer"));
  lines.insert(lines.end(), peer.begin(), peer.end());
  for (const auto& [name, value] : object_in(spoke, "metadata")) lines.emplace_back(printable(name), in_words(value));
  write_to(stdout, aligned(lines));
  return Exit::done;
}

Exit remove_spoke(const Task& task) {
  const auto id = spoke_id(task);
  if (!id) return id.error();
  return show_done(task, ask(task.hub, "DELETE", "/api/spoke/" + *id), "spoke " + *id + " was removed");
}

Exit reissue(const Task& task) {
  const auto status = ask_status(task);
  if (!status) return status.error();
  const auto& spoke = object_in(*status, "spoke");
  const auto& platform = task.given.text("--platform");
  const auto answer = ask(task.hub, "POST", "/api/installation/token/" + in_words(spoke.at("tokenId")) + "/reissue");
  return show_issued(task, answer, platform.empty() ? in_words(spoke.at("os")) : platform);
}

}  // namespace

Group spoke_commands() {
  const Argument spoke{"SPOKE", "its id, or its name where no other has it", Need::required};
  return {"spoke",
          "the machines that have registered",
          {{"list",
            "show all of them, the newest first",
            {{"--status", "only these", Need::optional, {"pending", "active", "inactive"}},
             {"--os", "only these", Need::optional, {"linux", "macos", "windows", "proxmox"}},
             limit_argument(kUsualLimit)},
            list_spokes},
           {"show", "show one, with what the interface and its machine say", {spoke}, show_spoke},
           {"remove", "take one off the hub; it is cut off at once", {spoke}, remove_spoke},
           {"reissue",
            "make a new token for one that is set up anew; its old key works until then",
            {spoke, platform_argument("")},
            reissue}}};
}

}  // namespace wghub::cli
