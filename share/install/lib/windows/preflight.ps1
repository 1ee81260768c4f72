# Everything that can fail cheaply, before anything is changed or the token is bound: codes 12 to 16.

function Test-Machine {
  Write-Step 'checking this machine'
  $programs = $env:ProgramW6432
  if (-not $programs) { $programs = $env:ProgramFiles }
  $run.Folder = "$programs\WireGuard"
  $run.Configurations = "$($run.Folder)\Data\Configurations"
  if ($run.Pin -and -not (Find-Curl)) {
    Stop-Install 12 MISSING_TOOL 'the curl.exe of this Windows is absent or cannot pin a certificate' 'install the Windows updates'
  }
  Test-Clock
  Test-Hub
  Send-Progress 'preflight'
  Select-Interface
  Resolve-Endpoint
  Test-Route
  Write-Note "tunnel $($run.Interface), $($run.Architecture)"
}

# A wrong clock is no error in itself; it explains a certificate error that follows.
function Test-Clock {
  $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
  if ($now -lt $run.CreatedAt - 300 -or $now -gt $run.ExpiresAt + 300) {
    $run.ClockWrong = $true
    Write-Caution "the clock of this machine ($(Get-UtcTime)) is outside the lifetime of this command."
  }
}

function Get-UtcTime { [DateTime]::UtcNow.ToString('yyyy-MM-dd HH:mm') + ' UTC' }

function Test-Hub {
  Invoke-Hub "$($run.BaseUrl)/api/health/live" 30 2
  Test-Connected
}

# Turns a call that got no HTTP answer into 13 or 14.
function Test-Connected {
  if ($run.Status -ne 0) { return }
  if ($run.Problem -eq 'tls' -and $run.ClockWrong) {
    Stop-Install 14 TLS "the certificate of $($run.HubHost) was not accepted, and the clock here says $(Get-UtcTime)" 'set the clock'
  }
  if ($run.Problem -eq 'tls') {
    Stop-Install 14 TLS "no trusted TLS connection to $($run.HubHost)" 'check for a proxy that breaks TLS open; add a private authority to the trusted roots of this computer; a hub with TLS 1.3 alone needs Windows 11 or Server 2022'
  }
  Stop-Install 13 HUB_UNREACHABLE "$($run.HubHost) does not answer" "check network, name resolution and firewall; behind a proxy set `$env:WGHUB_PROXY = 'URL' in this window first"
}

# The tunnel service resolves the name once, when it starts, so it is tried here.
function Resolve-Endpoint {
  $name = ($run.Endpoint -replace ':\d+\z', '').Trim('[', ']')
  $literal = $null
  if ([Net.IPAddress]::TryParse($name, [ref]$literal)) {
    $run.EndpointAddresses = @($name)
    return
  }
  $answers = [Net.Dns]::GetHostAddressesAsync($name)
  $found = $false
  try { $found = $answers.Wait(15000) } catch { Write-Note "$($_.Exception.GetBaseException().Message)" }
  if (-not $found -or $answers.Result.Count -eq 0) {
    Stop-Install 13 HUB_UNREACHABLE "the name $name cannot be resolved" 'check the name servers of this machine'
  }
  $run.EndpointAddresses = @($answers.Result | ForEach-Object { $_.ToString() })
}
