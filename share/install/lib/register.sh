# Makes the key pair here and tells the hub the public half. The private key goes from wg into a file and from file to file:
# never into an argument, a variable, the environment, the log or a message.

_make_key() {
  _step 'making the key of this machine'
  if ! mkdir -p /etc/wireguard || ! chmod 0700 /etc/wireguard; then
    _fail 70 INTERNAL 'cannot write /etc/wireguard' 'make it writable, run the same command again'
  fi
  _keep_interface
  if [ -e "$_key" ] && _ours_for_spoke "$_key" && _derive_key; then
    _note 'the key of an earlier run is kept'
  else
    : >"$_state/new-key"
    if ! _write_key || ! _derive_key; then _fail 70 INTERNAL 'wg made no usable key' 'run the same command again'; fi
  fi
  _progress key
}

_write_key() {
  { printf '%s\n' "$_marker" && wg genkey; } >"$_key.new" 2>>"$_log" && mv -f "$_key.new" "$_key"
}

# Sets _public_key; false when there is no valid one.
_derive_key() {
  _public_key=$(sed 1d "$_key" | wg pubkey 2>>"$_log")
  printf '%s\n' "$_public_key" | grep -Eqx '[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]='
}

# _fact TEXT LENGTH: as a JSON string.
_fact() { printf '"%s"' "$(_json_text "$(printf '%s' "$1" | cut -c "1-$2")")"; }

_describe_machine() {
  _platform_facts
  _metadata="{\"wireguardVersion\":$(_fact "$(wg --version 2>/dev/null | sed 's/^[^ ]* v\([^ ]*\).*/\1/')" 64)"
  _metadata="$_metadata,\"kernelVersion\":$(_fact "$(uname -r)" 128)"
  _metadata="$_metadata,\"distribution\":$(_fact "$(_system_name)" 128)"
  _metadata="$_metadata,\"hostname\":$(_fact "$(_host_name)" 255)"
  _metadata="$_metadata,\"implementation\":\"$_impl\"$_more_metadata}"
}

_register() {
  _step 'registering with the hub'
  _stage=registered
  _describe_machine
  # From here on the hub may know the key even if its answer is lost.
  : >"$_state/registering"
  _body="{\"token\":\"$_token\",\"publicKey\":\"$_public_key\",\"os\":\"$_os\",\"metadata\":$_metadata$_more_fields}"
  : >"$_answer"
  _hub_call "$_register_url" 60 3
  _body=
  _check_connection
  _judge_registration
  : >"$_state/registered"
  _progress registered
}

_judge_registration() {
  _error_code=$(_answered code)
  _error=$(_answered error)
  case $_http_status:$_error_code in
    201:*)
      [ "$(_answered publicKey)" = "$_public_key" ] || _fail 44 HUB_ERROR 'the answer of the hub is not about this key' 'run the same command again' ;;
    410:TOKEN_ALREADY_USED)
      if [ -e "$_state/registered" ]; then
        _note 'the token is past its time; the key is registered already'
        return 0
      fi
      _fail 42 TOKEN_USED "this command was already used at $(_answered usedAt) with another key" 'ask for a new command' ;;
    410:TOKEN_REVOKED) _fail 45 TOKEN_REVOKED 'the command was withdrawn, or this spoke was removed' 'ask the administrator' ;;
    410:*) _fail 41 TOKEN_EXPIRED 'the command is expired' 'ask for a new one' ;;
    404:* | 400:TOKEN_MALFORMED) _fail 40 TOKEN_UNKNOWN 'the hub does not know this command' 'ask for a new one' ;;
    429:* | 5??:*) _fail 44 HUB_ERROR "the hub cannot register now (HTTP $_http_status $_error_code)" 'wait a few minutes, run the same command again' ;;
    *) _fail 43 REFUSED "the hub refused the registration (HTTP $_http_status $_error_code${_error:+, $_error})" 'run the same command again; if it stays, ask the administrator' ;;
  esac
}
