# Writes what stays, starts and stops the tunnel's service, and takes it back. WireGuard's manager, where it runs, turns the conf that it
# finds into NAME.conf.dpapi, which only SYSTEM can read; the record beside the key is what later runs go by.

function Write-Configuration {
  Write-Step "writing the configuration $($run.Interface)"
  $run.Stage = 'configured'
  Protect-Directory "$($run.Folder)\Data"
  $null = [IO.Directory]::CreateDirectory($run.Configurations)
  Save-Old
  $run.Changed = $true
  Stop-Tunnel
  Set-ConfText
  Write-Private $run.Record
  Publish-Configuration
  Write-Uninstaller
  Send-Progress 'configured'
}

# Once per installation: a resumed one must not take its own half for the old state.
function Save-Old {
  if (Test-State 'replaced') { return }
  Remove-File "$($run.Record).bak"
  if (Test-Ours $run.Record) { [IO.File]::Copy($run.Record, "$($run.Record).bak") }
  Set-State 'replaced'
}

# The /32 and AllowedIPs make the one route that is wanted. No DNS line: it would take over the names of this machine.
function Set-ConfText {
  $run.Content = "$($run.Marker)`r`n[Interface]`r`nPrivateKey = $(Read-PrivateKey)`r`nAddress = $($run.Address.Split('/')[0])/32`r`n`r`n" +
    "[Peer]`r`nPublicKey = $($run.HubKey)`r`nEndpoint = $($run.Endpoint)`r`n" +
    "AllowedIPs = $($run.Network)`r`nPersistentKeepalive = $($run.Keepalive)`r`n"
}

# The manager doesn't overwrite an old .dpapi, so that goes first; then it is given up to 5 s to take the new conf.
function Publish-Configuration {
  Remove-File "$($run.Conf).dpapi"
  [IO.File]::Copy($run.Record, $run.Conf, $true)
  $run.Published = $run.Conf
  $manager = Get-Service -Name 'WireGuardManager' -ErrorAction SilentlyContinue
  if (-not $manager -or $manager.Status -ne 'Running') { return }
  for ($waited = 0; $waited -lt 10 -and [IO.File]::Exists($run.Conf); $waited++) { Start-Sleep -Milliseconds 500 }
  if ([IO.File]::Exists("$($run.Conf).dpapi")) { $run.Published = "$($run.Conf).dpapi" }
}

function Start-Tunnel {
  Write-Step "starting $($run.Interface)"
  $run.Stage = 'started'
  if (-not (Start-TunnelService)) {
    Write-ServiceLog
    Stop-Install 50 START_FAILED "$($run.Interface) did not start" "see the last lines of $($run.Log); everything is rolled back"
  }
  $start = Get-Service -Name $run.Service | Select-Object -ExpandProperty StartType -ErrorAction SilentlyContinue
  if ($start -and $start -ne 'Automatic') {
    $run.Reason += ' persistent=false'
    Write-Caution 'the tunnel is not started at boot: set its service to start automatically.'
  }
  $run.Reason = "$($run.Reason) impl=kernel".Trim()
  Send-Progress 'started'
}

function Start-TunnelService {
  $done = Invoke-Program $run.Program "/installtunnelservice `"$($run.Published)`"" 60
  if ($done.Code -ne 0) { return $false }
  for ($waited = 0; $waited -lt 20; $waited++) {
    $service = Get-Service -Name $run.Service -ErrorAction SilentlyContinue
    if ($service -and $service.Status -eq 'Running') { return $true }
    Start-Sleep -Seconds 1
  }
  $false
}

function Write-ServiceLog {
  $done = Invoke-Program $run.Program '/dumplog' 20
  if ($done.Code -ne 0) { return }
  foreach ($line in ($done.Output -split '\r?\n' | Select-Object -Last 20)) {
    Write-Note $line
    Write-Host (Hide-Secret $line)
  }
}

# Waits until the service is gone: a new one cannot take its name before.
function Stop-Tunnel {
  if (-not (Get-Service -Name $run.Service -ErrorAction SilentlyContinue)) { return }
  $done = Invoke-Program $run.Program "/uninstalltunnelservice $($run.Interface)" 60
  if ($done.Code -ne 0) { Write-Note 'the old service could not be removed' }
  for ($waited = 0; $waited -lt 20 -and (Get-Service -Name $run.Service -ErrorAction SilentlyContinue); $waited++) { Start-Sleep -Seconds 1 }
}

# Back to what was there before this run, but for the key: a later run with it is the same spoke to the hub.
function Undo-Install {
  Write-Note 'rolling back'
  Stop-Tunnel
  foreach ($file in $run.Conf, "$($run.Conf).dpapi", $run.Record, "$($run.Record).new") { Remove-File $file }
  if (Test-Ours "$($run.Record).bak") {
    Move-Item -LiteralPath "$($run.Record).bak" -Destination $run.Record
    Publish-Configuration
    if (-not (Start-TunnelService)) { Write-Note 'the earlier tunnel did not start again' }
  } elseif ([IO.Directory]::GetFiles($run.Tunnels, '*.conf').Count -eq 0) {
    Remove-File "$($run.Root)\uninstall.ps1"
  }
  Remove-File "$($run.State)\replaced"
}
