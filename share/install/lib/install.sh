# The order of an installation. What can fail cheaply comes before the token is bound.

_install() {
  _values
  _begin
  _preflight
  _packages
  _make_key
  _register
  _configure
  _start
  _verify
  _finish
}
