# Proves that the tunnel works: a handshake, then an answer from inside. What fails here stays installed, since it heals by itself.

function Confirm-Tunnel {
  Write-Step 'waiting for the first handshake'
  $run.Stage = 'verified'
  if (-not (Wait-Handshake 15)) {
    Set-OtherFamily
    if (-not (Wait-Handshake 15)) { Stop-WithoutHandshake }
  }
  Test-Reachable
  Test-Mtu
  Write-Firewall
}

# A value of the first peer's line in what wg shows for machines.
function Get-PeerValue {
  param([string]$What, [int]$Column)
  $shown = Invoke-Program $run.Wg "show $($run.Interface) $What" 10
  $values = $shown.Output.Trim().Split("`t")
  if ($shown.Code -eq 0 -and $values.Count -gt $Column) { return $values[$Column].Trim() }
  '0'
}

# Only the machine-readable time counts; 0 is never.
function Wait-Handshake {
  param([int]$Seconds)
  for ($waited = 0; $waited -le $Seconds; $waited++) {
    if ((Get-PeerValue 'latest-handshakes' 1) -ne '0') { return $true }
    Start-Sleep -Seconds 1
  }
  $false
}

# WireGuard takes the first address of a name only; the other family may be the one that gets through.
function Set-OtherFamily {
  $current = Get-PeerValue 'endpoints' 1
  $port = $run.Endpoint.Split(':')[-1]
  foreach ($address in $run.EndpointAddresses) {
    if ($address.Contains(':') -eq $current.StartsWith('[')) { continue }
    $other = "${address}:$port"
    if ($address.Contains(':')) { $other = "[$address]:$port" }
    Write-Note "no handshake by $current, trying $other"
    $done = Invoke-Program $run.Wg "set $($run.Interface) peer $($run.HubKey) endpoint $other" 10
    if ($done.Code -eq 0) { return }
  }
}

function Stop-WithoutHandshake {
  $received = Get-PeerValue 'transfer' 1
  $sent = Get-PeerValue 'transfer' 2
  if ($sent -eq '0') {
    $class = "nothing could be sent to $($run.Endpoint) (no route, or the name does not resolve)"
  } elseif ($received -eq '0') {
    $class = "UDP to $($run.Endpoint) is blocked on the way, or the hub does not know this key"
  } else {
    $class = "$($run.Endpoint) answers without a handshake (hub under load, or keys do not match)"
  }
  Stop-Install 60 NO_HANDSHAKE "registered, but no handshake in 30 s: $class" 'open this UDP way out; the tunnel stays installed and connects by itself'
}

# Zero bytes: any answer will do; others measure the way, and may not be cut up.
function Test-Ping {
  param([int]$Bytes)
  $ping = [Net.NetworkInformation.Ping]::new()
  try {
    $ping.Send($run.HubAddress, 2000, [byte[]]::new($Bytes), [Net.NetworkInformation.PingOptions]::new(64, $Bytes -gt 0)).Status -eq 'Success'
  } catch {
    $false
  } finally {
    $ping.Dispose()
  }
}

# A refused connection is an answer too.
function Test-Tcp {
  $client = [Net.Sockets.TcpClient]::new()
  try {
    $client.ConnectAsync($run.HubAddress, 443).Wait(5000)
  } catch {
    $cause = $_.Exception.GetBaseException()
    $cause -is [Net.Sockets.SocketException] -and $cause.SocketErrorCode -eq 'ConnectionRefused'
  } finally {
    $client.Close()
  }
}

# A hub that does not answer pings is fine when TCP gets through.
function Test-Reachable {
  foreach ($try in 1..3) { if (Test-Ping 0) { return } }
  if (Test-Tcp) { return Write-Caution "the hub does not answer pings at $($run.HubAddress), but TCP gets through." }
  Complete-Files
  Stop-Install 61 TRAFFIC_BLOCKED "handshake done, but $($run.HubAddress) does not answer through the tunnel" 'check the firewalls of hub and this machine for the tunnel; nothing needs to be installed again'
}

# Too big an MTU lets pings through and stalls everything else. Only where small pings are answered does a lost big one say something.
function Test-Mtu {
  $interface = Get-NetIPInterface -InterfaceAlias $run.Interface -AddressFamily IPv4 -ErrorAction SilentlyContinue
  if (-not $interface -or -not (Test-Ping 0)) { return }
  foreach ($try in 1..2) { if (Test-Ping ($interface.NlMtu - 28)) { return } }
  $run.Reason += " mtu=$($interface.NlMtu)"
  Write-Caution "packets of the tunnel's full size ($($interface.NlMtu) bytes) get lost on the way: a line MTU = 1280 in the configuration may be needed."
}

# Windows takes the tunnel for a public network. Way out needs no rule, so none is made.
function Write-Firewall {
  $run.Reason += ' firewall=windows'
  Write-Step "connections from the hub to this machine may need a firewall rule on $($run.Interface)."
}
