# Everything that can fail cheaply, before anything is changed or the token is bound: codes 12 to 16
# (others: _probe_kernel of the platform).

_preflight() {
  _step 'checking this machine'
  _check_tools
  _check_clock
  _check_hub
  _progress preflight
  _choose_interface
  _resolve_endpoint
  _check_routes
  _probe_kernel
  _note "interface $_interface, implementation $_impl"
}

_check_tools() {
  if [ "$(_https_client)" = none ]; then
    _fail 12 MISSING_TOOL 'there is no curl (and no wget that can check this hub)' 'install the package curl, run the same command again'
  fi
  _missing=$(_missing_tool)
  if [ -n "$_missing" ]; then
    _fail 12 MISSING_TOOL "${_missing%%|*}" "install the package ${_missing#*|}, run the same command again"
  fi
}

# A wrong clock is no error in itself; it explains a certificate error that follows.
_check_clock() {
  _now=$(date +%s)
  _clock_wrong=no
  if [ "$_now" -lt $((_created_at - 300)) ] || [ "$_now" -gt $((_expires_at + 300)) ]; then
    _clock_wrong=yes
    _warn "the clock of this machine ($(date -u '+%Y-%m-%d %H:%M') UTC) is outside the lifetime of this command."
  fi
}

_check_hub() {
  _body=
  _hub_call "$_base_url/api/health/live" 30 2
  _check_connection
}

# Turns a call that got no HTTP answer into 13 or 14.
_check_connection() {
  if [ "$_http_status" != 000 ]; then return 0; fi
  case $_http_error in
    35 | 51 | 53 | 54 | 58 | 59 | 60 | 66 | 77 | 80 | 82 | 83 | 90 | 91)
      if [ "$_clock_wrong" = yes ]; then
        _fail 14 TLS "the certificate of $_hub_host was not accepted (curl $_http_error), and the clock here says $(date -u '+%Y-%m-%d %H:%M') UTC" 'set the clock, run the same command again'
      fi
      _fail 14 TLS "no trusted TLS connection to $_hub_host (curl $_http_error)" \
        'check for a proxy that breaks TLS open; for a private authority set WGHUB_CACERT=FILE' ;;
    *)
      _fail 13 HUB_UNREACHABLE "$_hub_host does not answer (curl $_http_error)" \
        'check network, name resolution and firewall; behind a proxy set WGHUB_PROXY=URL' ;;
  esac
}

# wg resolves the name once and may wait for ever on a broken resolver, so it is tried here. Sets _endpoint_ips.
_resolve_endpoint() {
  _endpoint_host=${_endpoint%:*}
  _endpoint_host=${_endpoint_host#[}
  _endpoint_host=${_endpoint_host%]}
  case $_endpoint_host in
    *:*) _endpoint_ips=$_endpoint_host ;;
    *[!0-9.]*)
      _endpoint_ips=$(_resolve "$_endpoint_host") || { _endpoint_ips=; return 0; }
      if [ -z "$_endpoint_ips" ]; then
        _fail 13 HUB_UNREACHABLE "the name $_endpoint_host cannot be resolved" 'check the name servers of this machine, run the same command again'
      fi ;;
    *) _endpoint_ips=$_endpoint_host ;;
  esac
}
