# What the registration says about this Mac beyond what all platforms say.

_host_name() { scutil --get LocalHostName 2>/dev/null || uname -n; }

_system_name() { printf '%s %s\n' "$(sw_vers -productName 2>/dev/null)" "$(sw_vers -productVersion 2>/dev/null)"; }

# Sets _more_metadata and _more_fields: JSON that goes on, with a comma first, in the metadata and in the body itself.
_platform_facts() {
  _architecture=x86_64
  if _apple_silicon; then _architecture=arm64; fi
  _more_metadata=",\"architecture\":\"$_architecture\""
  _more_fields=
}

# More networks that the hub's may not overlap, lines CIDR WHERE.
_more_routes() { :; }
