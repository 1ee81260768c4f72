// What the metadata of a registration tells of a Proxmox cluster: the names of its nodes and which are online.
#pragma once

#include <boost/json/object.hpp>

#include "apid/model/cluster.h"

namespace wghub::endpoint {

/// Reads `pveMembers`, the text of /etc/pve/.members or the object that it holds, and where that names no nodes
/// `clusterNodes`, "pve1,pve2". All of it is untrusted: what is no node's name is left out, and so is what comes behind
/// 128 nodes.
ToldMembers told_members(const boost::json::object& metadata);

}  // namespace wghub::endpoint
