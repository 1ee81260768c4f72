# Chooses the tunnel's name and with it the files and the service. What doesn't carry our marker is never touched.

function Read-FirstLine {
  param([string]$Path)
  if (-not [IO.File]::Exists($Path)) { return '' }
  $lines = [IO.File]::ReadAllLines($Path)
  if ($lines.Count -gt 0) { $lines[0] } else { '' }
}

# Made by this script for a spoke of the same hub.
function Test-Ours {
  param([string]$Path)
  (Read-FirstLine $Path) -cmatch ('^# managed-by: wghub spoke=\S* hub=' + [regex]::Escape($run.HubHost) + '\z')
}

# Made for this very spoke.
function Test-OursForSpoke {
  param([string]$Path)
  (Read-FirstLine $Path) -ceq $run.Marker
}

# The rule of WireGuard itself, whose service and adapter get the name too.
function Test-TunnelName {
  param([string]$Name)
  $Name -cmatch '^[a-zA-Z0-9_=+.-]{1,32}\z' -and $Name -notmatch '^(CON|PRN|AUX|NUL|COM[1-9]|LPT[1-9])(\..*)?\z' -and $Name -notmatch '^\.|\.\z'
}

# What stands in the way of a name, or nothing. A tunnel or adapter without our record is somebody's.
function Get-Obstacle {
  param([string]$Name)
  foreach ($file in "$($run.Tunnels)\$Name.conf", "$($run.Tunnels)\$Name.key", "$($run.Configurations)\$Name.conf") {
    if ([IO.File]::Exists($file) -and -not (Test-Ours $file)) { return $file }
  }
  if ((Test-Ours "$($run.Tunnels)\$Name.conf") -or (Test-Ours "$($run.Configurations)\$Name.conf")) { return '' }
  if ([IO.File]::Exists("$($run.Configurations)\$Name.conf.dpapi")) { return "$($run.Configurations)\$Name.conf.dpapi" }
  if (Get-Service -Name ('WireGuardTunnel$' + $Name) -ErrorAction SilentlyContinue) { return 'the service WireGuardTunnel$' + $Name }
  if (Get-NetAdapter -Name $Name -IncludeHidden -ErrorAction SilentlyContinue) { return "the network adapter $Name" }
  ''
}

function Get-SavedName { [IO.File]::ReadAllLines("$($run.State)\interface")[1] }

# The saved name first, then a tunnel of this hub that is to be replaced, then the first free name.
function Get-TunnelName {
  if ($env:WGHUB_IFACE) {
    if (-not (Test-TunnelName $env:WGHUB_IFACE)) {
      Stop-Install 16 NAME_CONFLICT 'WGHUB_IFACE is not a tunnel name' 'use 1 to 32 letters, digits or _=+.- and no name of a device'
    }
    return $env:WGHUB_IFACE
  }
  if (Test-State 'interface') { return Get-SavedName }
  foreach ($name in 'wg0', 'wghub') {
    if ((Test-Ours "$($run.Tunnels)\$name.conf") -or (Test-Ours "$($run.Tunnels)\$name.key")) { return $name }
  }
  if (Get-Obstacle 'wg0') { 'wghub' } else { 'wg0' }
}

function Select-Interface {
  $run.Interface = Get-TunnelName
  $run.Service = 'WireGuardTunnel$' + $run.Interface
  $run.Key = "$($run.Tunnels)\$($run.Interface).key"
  $run.Record = "$($run.Tunnels)\$($run.Interface).conf"
  $run.Conf = "$($run.Configurations)\$($run.Interface).conf"
  $obstacle = Get-Obstacle $run.Interface
  if ($obstacle) {
    Stop-Install 16 NAME_CONFLICT "$obstacle exists and is not ours" "choose another name in this window first: `$env:WGHUB_IFACE = 'NAME'"
  }
}

# Written before the first lasting change, so that every later run keeps to the same files.
function Save-Interface {
  $run.Content = "$($run.Marker)`r`n$($run.Interface)`r`n"
  Write-Private "$($run.State)\interface"
}
