# Talks to the hub over HTTPS, by curl or else wget. Bodies go in by stdin or a private file, never as arguments.
# What an answer means is left to the callers, who read _http_status (000 = none), _http_error (curl's numbers) and the file $_answer.

_json_text() { printf '%s' "$1" | LC_ALL=C tr -cd '\040-\176' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }

# The same for several lines: they are joined by \n.
_json_lines() { LC_ALL=C tr -cd '\012\040-\176' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e '$!s/$/\\n/' | tr -d '\012'; }

# Which program can reach this hub safely: curl, gnu-wget, busybox-wget or none.
# A pinned certificate needs a program that can check the pin; busybox verifies certificates only through ssl_client.
_https_client() {
  if command -v curl >/dev/null 2>&1; then
    echo curl
  elif ! command -v wget >/dev/null 2>&1; then
    echo none
  elif wget --version 2>/dev/null | grep -q 'GNU Wget'; then
    echo gnu-wget
  elif [ -z "$_pin" ] && command -v ssl_client >/dev/null 2>&1; then
    echo busybox-wget
  else
    echo none
  fi
}

# _hub_call URL SECONDS RETRIES: POST of $_body, or GET when that is empty.
_hub_call() {
  _http_status=000
  _http_error=2
  if [ -n "${WGHUB_PROXY:-}" ]; then
    https_proxy=$WGHUB_PROXY
    export https_proxy
  fi
  case $(_https_client) in
    curl) _call_curl "$@" ;;
    gnu-wget) _call_gnu_wget "$@" ;;
    busybox-wget) _call_busybox_wget "$@" ;;
    *) return 0 ;;
  esac
}

_print_body() {
  cat <<_WGHUB_BODY
$_body
_WGHUB_BODY
}

# No --fail: the hub's error answers say which error and when, and the script needs that. The status decides.
_call_curl() {
  _url=$1
  set -- --silent --show-error --connect-timeout 10 --max-time "$2" --retry "$3" --retry-connrefused --retry-max-time 90 \
    --proto '=https' --tlsv1.2 --header 'Accept: text/plain' --output "$_answer" --write-out '%{http_code}'
  if [ -n "$_pin" ]; then set -- "$@" --insecure --pinnedpubkey "$_pin"; fi
  if [ -n "${WGHUB_CACERT:-}" ]; then set -- "$@" --cacert "$WGHUB_CACERT"; fi
  if [ -n "$_body" ]; then
    _http_status=$(_print_body | curl "$@" --header 'Content-Type: application/json' --data-binary @- "$_url" 2>>"$_log")
  else
    _http_status=$(curl "$@" "$_url" 2>>"$_log")
  fi
  _http_error=$?
  _http_status=${_http_status:-000}
}

_call_gnu_wget() {
  _url=$1
  set -- --no-verbose --server-response --content-on-error --https-only --max-redirect=0 --timeout="$2" --tries=$(($3 + 1)) \
    --retry-on-http-error=429,500,502,503,504 --header='Accept: text/plain' --output-document="$_answer"
  if [ -n "$_pin" ]; then set -- "$@" --no-check-certificate --pinnedpubkey="$_pin"; fi
  if [ -n "${WGHUB_CACERT:-}" ]; then set -- "$@" --ca-certificate="$WGHUB_CACERT"; fi
  _run_wget "$@" --header='Content-Type: application/json'
  case $_http_error in
    4) _http_error=7 ;;
    5) _http_error=60 ;;
    8) _http_error=0 ;;
  esac
}

_call_busybox_wget() {
  _url=$1
  _run_wget -S -T "$2" -O "$_answer" --header 'Accept: text/plain' --header 'Content-Type: application/json'
  if [ "$_http_status" != 000 ]; then _http_error=0; else _http_error=7; fi
}

# wget takes a body only from a file: a private one, gone right after.
_run_wget() {
  _scratch_file=$(mktemp "${_scratch:-${TMPDIR:-/tmp}}/wghub.XXXXXX") || return 0
  if [ -n "$_body" ]; then
    _print_body >"$_scratch_file"
    set -- "$@" --post-file="$_scratch_file"
  fi
  _output=$(wget "$@" "$_url" 2>&1)
  _http_error=$?
  rm -f "$_scratch_file"
  printf '%s\n' "$_output" >>"$_log"
  _http_status=$(printf '%s\n' "$_output" | sed -n 's/.*HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' | tail -n 1)
  _http_status=${_http_status:-000}
}

# One value of a key=value answer.
_answered() { sed -n "s/^$1=//p" "$_answer" 2>/dev/null | head -n 1 | LC_ALL=C tr -cd '\040-\176'; }

# _report STAGE CODE REASON: tells the hub; best effort, at most 5 s, never decides the outcome. True when the hub took it.
_report() {
  _detail=
  if [ "$2" != 0 ]; then _detail=$(_log_tail 20 | _json_lines); fi
  _body="{\"token\":\"$_token\",\"stage\":\"$1\",\"code\":$2,\"reason\":\"$(_json_text "$3" | cut -c 1-300)\",\"os\":\"$_os\",\"detail\":\"$_detail\"}"
  _hub_call "$_report_url" 5 0
  _body=
  [ "$_http_status" = 202 ]
}
