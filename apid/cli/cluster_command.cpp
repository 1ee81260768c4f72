// wghub cluster: Proxmox VE clusters, as their nodes told them.
#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

const ListRoute kClusters{"/api/proxmox/clusters", "clusters"};

Exit list_clusters(const Task& task) {
  return show_list(
      task, kClusters, task.given.number("--limit"),
      {column("ID", "id"), column("STATUS", "status"), column("NODES", "nodeCount"), column("ACTIVE", "activeNodes"),
       column("QUORATE", "quorate"), column("DATACENTER", "datacenter"), column("NAME", "clusterName")});
}

Exit show_cluster(const Task& task) {
  const auto id = id_of(task.hub, kClusters, "clusterName", task.given.text("CLUSTER"));
  if (!id) return id.error();
  const auto answer = ask(task.hub, "GET", kClusters.path + "/" + *id);
  if (!answer) return answer.error();
  if (task.format == Format::json) return show_done(task, answer, "");
  write_to(stdout, aligned(lines_of(object_in(*answer, "cluster"), {{"cluster", "id"},
                                                                    {"name", "clusterName"},
                                                                    {"status", "status"},
                                                                    {"datacenter", "datacenter"},
                                                                    {"description", "description"},
                                                                    {"quorate", "quorate"},
                                                                    {"told", "toldAt"}})));
  write_to(stdout, "\n" + table_of(answer->at("nodes").as_array(),
                                   {column("NODE", "proxmoxNodeName"), column("STATUS", "status"),
                                    column("ADDRESS", "allowedIPs"), column("LAST HANDSHAKE", "lastHandshake"),
                                    column("CONFLICT", "nodeConflict"), column("SPOKE", "id")}));
  const auto& missing = answer->at("missingNodes").as_array();
  if (missing.empty()) return Exit::done;
  write_to(stdout, "\nKnown to the cluster, without a spoke:\n\n" +
                       table_of(missing, {column("NODE", "proxmoxNodeName"), column("ONLINE", "online"),
                                          column("TOLD", "toldAt"), column("TOKEN", "tokenId")}));
  return Exit::done;
}

}  // namespace

Group cluster_commands() {
  return {"cluster",
          "Proxmox VE clusters",
          {{"list", "show all of them", {limit_argument(kUsualLimit)}, list_clusters},
           {"show",
            "show one and its nodes",
            {{"CLUSTER", "its id, or its name where no other has it", Need::required}},
            show_cluster}}};
}

}  // namespace wghub::cli
