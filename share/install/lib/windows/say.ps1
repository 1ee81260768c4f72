# Messages: steps and warnings on the console, all of it in the log too; the one way in which a run fails. No secret is passed
# to these, and what looks like a key is masked all the same. Leaves the last words of a failed run to leave.ps1.

function Hide-Secret {
  param([string]$Text)
  $Text -creplace '(?i).*private *key.*', '[private key line]' -creplace '[A-Za-z0-9+/]{43}=', '[key]' -creplace '[A-Za-z0-9_-]{43}', '[token]'
}

function Write-Note {
  param([string]$Text)
  if (-not $run.Log) { return }
  try { [IO.File]::AppendAllText($run.Log, (Hide-Secret $Text) + "`r`n") } catch [IO.IOException] { $null = 'a run that waits writes at this moment' }
}

function Write-Step {
  param([string]$Text)
  Write-Host "[wghub] $Text"
  Write-Note $Text
}

function Write-Caution {
  param([string]$Text)
  Write-Host "[wghub] WARNING: $Text"
  Write-Note "WARNING: $Text"
}

# Says why and ends the run; what has to be undone and reported is done on the way out.
function Stop-Install {
  param([int]$Code, [string]$Name, [string]$Cause, [string]$Fix)
  $run.Code = $Code
  $run.Reason = "${Name}: $Cause"
  $run.Message = "[wghub] ERROR $Name ($Code): $Cause. Fix: $Fix."
  Write-Note "ERROR $Name ($Code): $Cause"
  $global:LASTEXITCODE = $Code
  throw $run.Message
}

# The last log lines as they may leave the machine: masked when they were written, and short enough for a report.
function Get-LogTail {
  param([int]$Lines)
  if (-not $run.Log -or -not [IO.File]::Exists($run.Log)) { return '' }
  $short = foreach ($line in Get-Content -LiteralPath $run.Log -Tail $Lines) { $line.Substring(0, [Math]::Min(160, $line.Length)) }
  $text = Hide-Secret ($short -join "`n")
  $text.Substring([Math]::Max(0, $text.Length - 1400))
}
