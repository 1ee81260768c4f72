# What the hub wrote into this script for one token. The hub checks each value and quotes it.
# shellcheck disable=SC2034  # the wrapper and the saved script use different ones
_values() {
  _os={{PLATFORM}}
  _token={{TOKEN}}
  _token_hash={{TOKEN_HASH}}
  _endpoint={{HUB_ENDPOINT}}
  _hub_key={{HUB_PUBLIC_KEY}}
  _spoke_id={{SPOKE_ID}}
  _address={{SPOKE_IP}}
  _network={{NETWORK_CIDR}}
  _hub_address={{HUB_VPN_IP}}
  _dns={{DNS_SERVERS}}
  _keepalive={{PERSISTENT_KEEPALIVE}}
  _base_url={{BASE_URL}}
  _register_url={{CALLBACK_URL}}
  _report_url={{REPORT_URL}}
  _pin={{CERTIFICATE_PIN}}
  _created_at={{CREATED_AT}}
  _expires_at={{EXPIRES_AT}}
  _command={{COMMAND}}

  _state=/var/lib/wghub-spoke/$(printf '%.16s' "$_token_hash")
  _hub_host=${_base_url#https://}
  _hub_host=${_hub_host%%/*}
  case $_hub_host in
    \[*) _hub_host=${_hub_host%%]*}] ;;
    *) _hub_host=${_hub_host%%:*} ;;
  esac
  _marker="# managed-by: wghub spoke=$_spoke_id hub=$_hub_host"
  _stage=preflight
  _reason=
  _log=/dev/null
  _answer=/dev/null
  _scratch=
}
