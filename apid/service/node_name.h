// The names of Proxmox nodes, which other machines tell: what one is, and what of a host name it is.
#pragma once

#include <string>
#include <string_view>

namespace wghub {

/// Whether a text has the form that Proxmox VE gives its nodes: one label of a host name. An address has not.
bool is_node_name(std::string_view text);

/// The part before the first dot, which is what Proxmox VE makes of a full host name; an IPv4 address stays whole.
std::string node_name_of(std::string_view host_name);

}  // namespace wghub
