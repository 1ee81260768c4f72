# Messages: steps on stdout, warnings and errors on stderr, all of it in the log too. No secret is ever passed to these.

_note() { printf '%s\n' "$1" >>"$_log"; }

_step() {
  printf '[wghub] %s\n' "$1"
  _note "$1"
}

_warn() {
  printf '[wghub] WARNING: %s\n' "$1" >&2
  _note "WARNING: $1"
}

# _fail CODE NAME CAUSE FIX: says why and ends the run; what has to be undone and reported is done on the way out.
_fail() {
  _code=$1
  _reason="$2: $3"
  printf '[wghub] ERROR %s (%s): %s. Fix: %s.\n' "$2" "$1" "$3" "$4" >&2
  _note "ERROR $2 ($1): $3"
  exit "$1"
}

# The last log lines as they may leave the machine: keys, tokens and whole private key lines masked, short enough for a report.
_log_tail() {
  [ -f "$_log" ] || return 0
  tail -n "$1" "$_log" | sed -e 's/^.*[Pp]rivate *[Kk]ey.*$/[private key line]/' \
    -e 's/[A-Za-z0-9+\/]\{43\}=/[key]/g' -e 's/[A-Za-z0-9_-]\{43\}/[token]/g' | cut -c 1-160 | tail -c 1400
}

# _limited SECONDS COMMAND...: no command may hang the installation. 124 when it was ended.
_limited() {
  if command -v timeout >/dev/null 2>&1; then
    timeout "$@"
  else
    _watched "$@"
  fi
}

# Without a timeout program: looks ten times a second whether it is still there. Not every sleep knows tenths.
_watched() {
  _looks=$(($1 * 10))
  shift
  "$@" &
  _child=$!
  while kill -0 "$_child" 2>/dev/null; do
    if [ "$_looks" -le 0 ]; then
      kill "$_child" 2>/dev/null
      sleep 1
      kill -9 "$_child" 2>/dev/null
      wait "$_child" 2>/dev/null
      return 124
    fi
    sleep 0.1 2>/dev/null || sleep 1
    _looks=$((_looks - 1))
  done
  wait "$_child" 2>/dev/null
}
