# The way out of every run, planned or not: undo what has to be undone, tell the hub, say how to go on. Runs after Ctrl-C too, which
# leaves the code at 130. A process that is killed comes here not at all; the saved copy then goes on from what it finds.

function Exit-Installation {
  if ($run.Code -eq 130) {
    $run.Reason = "INTERRUPTED: at $($run.Stage)"
    $run.Message = "[wghub] ERROR INTERRUPTED (130): stopped at $($run.Stage), rolled back. Fix: go on when you can."
  }
  try { if (Test-Undo) { Undo-Install } } catch { Write-Caution "rolling back failed: $(Hide-Secret $_.Exception.Message)" }
  if ($run.Code -ne 0) {
    Send-Failure
    if ($run.CopyFile -and [IO.File]::Exists($run.CopyFile)) { $run.Message += " To go on, as administrator: $(Get-ResumeCommand)" }
  }
  if ($run.Lock) { $run.Lock.Dispose() }
  if ($run.Code -eq 130) { Write-Host $run.Message }
}

# A tunnel without a handshake heals by itself. A token that is dead for good takes back what an earlier run left half done, too.
function Test-Undo {
  if ($run.Code -in 0, 60, 61) { return $false }
  if ($run.Code -in 40, 41, 42, 45) { return Test-State 'replaced' }
  $run.Changed
}

# What no function foresaw. The line helps whoever reads the report.
function Set-UnexpectedFailure {
  param($Failure)
  if ($run.Code -ne 130) { return }
  $run.Code = 70
  $run.Reason = "INTERNAL: $($Failure.Exception.Message) at $($run.Stage), line $($Failure.InvocationInfo.ScriptLineNumber)"
  $run.Message = "[wghub] ERROR INTERNAL (70): $(Hide-Secret $Failure.Exception.Message) Fix: see the log $($run.Log)."
  Write-Note $run.Reason
}

# Codes 10 to 16 before registration give the token back, so nothing stays here. When the hub couldn't be told, or says that the
# token isn't free, the copy stays: it goes on. Tokens that are dead for good leave nothing either.
function Send-Failure {
  $told = Send-Report $run.Stage $run.Code (Hide-Secret $run.Reason)
  $free = (Get-Answer 'state') -in '', 'unused'
  if ($run.Code -in 40, 41, 42, 45) {
    Remove-State
  } elseif ($run.Code -eq 43) {
    Remove-NewKey
  } elseif ($run.Code -in 10..16 -and -not ($run.State -and (Test-State 'registering'))) {
    if ($told -and $free) {
      Remove-State
      Remove-NewRoot
      $run.Message += " The same command works again:`r`n  " + $run.Command
    } else {
      $run.Message += ' The hub could not be told; for another machine, or when there is no way to go on, ask for a new command (New token).'
    }
  }
}

# The key that an earlier run of this installation made, too, so its name comes from the state.
function Remove-NewKey {
  if ($run.State -and (Test-State 'new-key')) { Remove-File "$($run.Tunnels)\$(Get-SavedName).key" }
}

function Remove-State {
  if (-not $run.State) { return }
  Remove-NewKey
  Remove-File $run.State
}

# Nothing stays of a run that was refused on a machine without other tunnels.
function Remove-NewRoot {
  if (-not $run.NewRoot) { return }
  if ($run.Lock) { $run.Lock.Dispose() }
  $run.Log = ''
  Remove-File $run.Root
}

# First the proof that it is done, then the copy with the token goes.
function Complete-Files {
  $run.Content = "$($run.Marker)`r`n$($run.Interface)`r`n"
  Write-Private "$($run.State)\done"
  foreach ($name in 'install.ps1', 'wireguard.msi', 'msi.log', 'interface', 'replaced', 'registering', 'registered', 'new-key') {
    Remove-File "$($run.State)\$name"
  }
  Remove-OlderState
}

# State of older commands for the same interface: what they made is replaced, and their tokens are of no use.
function Remove-OlderState {
  foreach ($folder in [IO.Directory]::GetDirectories($run.Root)) {
    if ($folder -in $run.State, $run.Tunnels) { continue }
    foreach ($name in 'interface', 'done') {
      $file = "$folder\$name"
      if ([IO.File]::Exists($file) -and [IO.File]::ReadAllLines($file) -contains $run.Interface) {
        Remove-File $folder
        break
      }
    }
  }
}

function Complete-Install {
  Complete-Files
  if ($run.Dns) {
    Write-Caution "DNS skipped: the name servers of this machine stay as they are (the hub names $($run.Dns))."
    $run.Reason += ' dns=skipped'
  }
  Send-Progress 'verified'
  Remove-File "$($run.State)\reported"
  Write-Step "connected: $($run.Interface), address $($run.Address.Split('/')[0]). To remove it, as administrator:"
  Write-Host "  powershell -NoProfile -ExecutionPolicy Bypass -File `"$($run.Root)\uninstall.ps1`""
}
