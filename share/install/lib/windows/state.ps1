# What outlives a run, below ProgramData\wghub-spoke: install.log, uninstall.ps1, tunnels\NAME.key and NAME.conf (ours, whatever
# WireGuard makes of its copy), and a folder for the command: install.ps1 (this script), interface (its name), new-key, replaced (the
# old conf is kept as .bak), registering, registered, reported, done. Leaves the way out of a run to leave.ps1.

function Enter-Installation {
  $run.Root = [Environment]::GetFolderPath('CommonApplicationData') + '\wghub-spoke'
  $run.NewRoot = -not [IO.Directory]::Exists($run.Root)
  Protect-Directory $run.Root
  $run.State = "$($run.Root)\$($run.TokenHash.Substring(0, 16))"
  $run.Tunnels = "$($run.Root)\tunnels"
  Protect-Directory $run.State
  Protect-Directory $run.Tunnels
  if (-not (Test-State 'done')) { Save-Copy }
  $run.Log = "$($run.Root)\install.log"
  if (-not [IO.File]::Exists($run.Log)) { Write-Note $run.Marker }
  Write-Note "run of $([DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')) by process $PID"
  Enter-Lock
}

# A second fetch of the same command is refused, and Invoke-RestMethod shows nothing of the refusal: this copy is the way to go on.
function Save-Copy {
  $run.CopyFile = "$($run.State)\install.ps1"
  if ([IO.File]::Exists($run.CopyFile)) { return }
  $run.Content = "# A saved installation of a WireGuard hub's spoke. It holds a one-time token; it removes itself after the first handshake.`n" +
    "& {`n" + '  $install = {' + $copy + "}`n" + '  $copy = "$install"' + "`n" + '  & $install' + "`n}`n"
  $null = [ScriptBlock]::Create($run.Content)
  Write-Private $run.CopyFile
}

function Get-ResumeCommand { "powershell -NoProfile -ExecutionPolicy Bypass -File `"$($run.CopyFile)`"" }

# One run at a time. The system closes the file when its process ends, however that happens.
function Enter-Lock {
  for ($waited = 0; $waited -lt 120; $waited++) {
    try {
      $run.Lock = [IO.File]::Open("$($run.Root)\lock", 'OpenOrCreate', 'ReadWrite', 'None')
      return
    } catch [IO.IOException] {
      if ($waited -eq 0) { Write-Step 'another installation is running; waiting for it.' }
      Start-Sleep -Seconds 1
    }
  }
  Stop-Install 70 BUSY 'another installation is still running' 'wait for it'
}

function Test-State {
  param([string]$Name)
  [IO.File]::Exists("$($run.State)\$Name")
}

function Set-State {
  param([string]$Name)
  [IO.File]::WriteAllText("$($run.State)\$Name", '')
}

# Tells the hub a stage once, however often the installation is resumed: it takes 20 reports a token.
function Send-Progress {
  param([string]$Stage)
  $run.Stage = $Stage
  $told = "$($run.State)\reported"
  if ([IO.File]::Exists($told) -and [IO.File]::ReadAllLines($told) -contains $Stage) { return }
  if (Send-Report $Stage 0 $run.Reason) { [IO.File]::AppendAllText($told, "$Stage`r`n") }
}

# An installation that is through: clears what a run killed at its very end left, and starts a tunnel that is down.
function Test-Done {
  if (-not (Test-State 'done')) { return $false }
  Get-ChildItem -LiteralPath $run.State -Force | Where-Object { $_.Name -ne 'done' } | Remove-Item -Force
  $run.CopyFile = ''
  $name = [IO.File]::ReadAllLines("$($run.State)\done")[1]
  $service = Get-Service -Name ('WireGuardTunnel$' + $name) -ErrorAction SilentlyContinue
  if ($service -and $service.Status -ne 'Running') {
    Write-Step "$name is not running, starting it."
    try { $service.Start(); $service.WaitForStatus('Running', [TimeSpan]::FromSeconds(20)) } catch {
      Stop-Install 50 START_FAILED "$name did not start" 'see the Windows event log'
    }
  }
  Write-Step 'already installed on this machine.'
  $true
}
