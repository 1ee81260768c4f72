# The way out while nothing has to be undone: explain, report so that the token is free again, leave.
_refuse() {
  _code=$1
  printf '[wghub] ERROR %s (%s): %s. Fix: %s\n' "$2" "$1" "$3" "$4" >&2
  if ! _report preflight "$1" "$2: $3"; then
    printf '%s\n' '[wghub] The hub could not be told. If the next try says that the command is already used, ask for a new one (New token).' >&2
  fi
  exit "$1"
}
