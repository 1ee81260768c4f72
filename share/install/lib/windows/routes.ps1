# Address arithmetic: does the hub's network collide with a route of this machine? IPv4, as the hub's networks are.

function Get-AddressNumber {
  param([string]$Address)
  [long]$number = 0
  foreach ($byte in [Net.IPAddress]::Parse($Address).GetAddressBytes()) { $number = $number * 256 + $byte }
  $number
}

# True when one holds the other. A bare address is a /32.
function Test-Overlap {
  param([string]$First, [string]$Second)
  $one = "$First/32".Split('/')
  $two = "$Second/32".Split('/')
  $shift = 32 - [Math]::Min([int]$one[1], [int]$two[1])
  ((Get-AddressNumber $one[0]) -shr $shift) -eq ((Get-AddressNumber $two[0]) -shr $shift)
}

# The first route of another interface that overlaps the network, or nothing. A default route, also in two halves, is not one: ours is
# more exact; nor are loopback, multicast and broadcast, which every interface has.
function Get-CollidingRoute {
  foreach ($route in Get-NetRoute -AddressFamily IPv4 -ErrorAction SilentlyContinue) {
    if ($route.InterfaceAlias -eq $run.Interface) { continue }
    if ($route.DestinationPrefix -match '/[01]\z|^(127|224|255)\.') { continue }
    if (Test-Overlap $route.DestinationPrefix $run.Network) { return "$($route.DestinationPrefix) on $($route.InterfaceAlias)" }
  }
  ''
}

function Test-Route {
  if ($run.Network.Contains(':')) { return }
  $route = Get-CollidingRoute
  if ($route) {
    Stop-Install 15 ADDRESS_CONFLICT "the hub's network $($run.Network) overlaps the local route $route" 'give the hub or this network other addresses; the administrator chooses the hub network'
  }
  foreach ($address in $run.EndpointAddresses) {
    if (-not $address.Contains(':') -and (Test-Overlap $address $run.Network)) {
      Stop-Install 15 ADDRESS_CONFLICT "the hub's own address $address lies inside its network $($run.Network)" 'the administrator must correct the endpoint'
    }
  }
}
