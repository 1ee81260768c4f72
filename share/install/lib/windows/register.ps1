# Makes the key pair here and tells the hub the public half. The private key goes from wg into a file and into the conf: never into
# an argument, a parameter, the environment, the log or a message.

function New-Key {
  Write-Step 'making the key of this machine'
  $run.Stage = 'key'
  Save-Interface
  if (-not (Test-OursForSpoke $run.Key) -or -not (Read-Key)) {
    Set-State 'new-key'
    $made = Invoke-Program $run.Wg 'genkey' 20
    $run.Content = "$($run.Marker)`n$($made.Output.Trim())`n"
    Write-Private $run.Key
    if ($made.Code -ne 0 -or -not (Read-Key)) { Stop-Install 70 INTERNAL 'wg made no usable key' "see $($run.Log)" }
  }
  Send-Progress 'key'
}

# 32 bytes: 43 characters, of which the last holds two zero bits, and =.
function Get-KeyForm { '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\z' }

function Read-PrivateKey {
  $lines = [IO.File]::ReadAllLines($run.Key)
  if ($lines.Count -gt 1) { $lines[1].Trim() } else { '' }
}

# Sets $run.PublicKey; false when there is no valid pair. Both halves are checked: what wg says of a bad one would hold it.
function Read-Key {
  if ((Read-PrivateKey) -cnotmatch (Get-KeyForm)) { return $false }
  $run.Input = "$(Read-PrivateKey)`n"
  $derived = Invoke-Program $run.Wg 'pubkey' 20
  $run.PublicKey = $derived.Output.Trim()
  $derived.Code -eq 0 -and $run.PublicKey -cmatch (Get-KeyForm)
}

function Get-Metadata {
  $system = Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
  $version = [Diagnostics.FileVersionInfo]::GetVersionInfo($run.Program).ProductVersion
  '{"wireguardVersion":"' + (ConvertTo-JsonText $version) + '","kernelVersion":"' + (ConvertTo-JsonText ([Environment]::OSVersion.Version)) +
    '","distribution":"' + (ConvertTo-JsonText $system.ProductName) + '","hostname":"' + (ConvertTo-JsonText ([Environment]::MachineName)) +
    '","powershellVersion":"' + (ConvertTo-JsonText $PSVersionTable.PSVersion) + '","architecture":"' + $run.Architecture + '","implementation":"kernel"}'
}

function Register-Spoke {
  Write-Step 'registering with the hub'
  $run.Stage = 'registered'
  # From here on the hub may know the key even if its answer is lost.
  Set-State 'registering'
  $run.Body = '{"token":"' + $run.Token + '","publicKey":"' + $run.PublicKey + '","os":"' + $run.Os + '","metadata":' + (Get-Metadata) + '}'
  Invoke-Hub $run.RegisterUrl 60 3
  Test-Connected
  Test-Registration
  Set-State 'registered'
  Send-Progress 'registered'
}

function Test-Registration {
  $code = Get-Answer 'code'
  if ($run.Status -eq 201) {
    if ((Get-Answer 'publicKey') -cne $run.PublicKey) { Stop-Install 44 HUB_ERROR 'the answer of the hub is not about this key' 'try again' }
    return
  }
  if ($run.Status -eq 410 -and $code -eq 'TOKEN_ALREADY_USED') {
    if (Test-State 'registered') { return Write-Note 'the token is past its time; the key is registered already' }
    Stop-Install 42 TOKEN_USED "this command was already used at $(Get-Answer 'usedAt') with another key" 'ask for a new command'
  }
  if ($run.Status -eq 410 -and $code -eq 'TOKEN_REVOKED') {
    Stop-Install 45 TOKEN_REVOKED 'the command was withdrawn, or this spoke was removed' 'ask the administrator'
  }
  if ($run.Status -eq 410) { Stop-Install 41 TOKEN_EXPIRED 'the command is expired' 'ask for a new one' }
  if ($run.Status -eq 404 -or $code -eq 'TOKEN_MALFORMED') { Stop-Install 40 TOKEN_UNKNOWN 'the hub does not know this command' 'ask for a new one' }
  if ($run.Status -eq 429 -or $run.Status -ge 500) {
    Stop-Install 44 HUB_ERROR "the hub cannot register now (HTTP $($run.Status) $code)" 'wait a few minutes'
  }
  Stop-Install 43 REFUSED "the hub refused the registration (HTTP $($run.Status) $code, $(Get-Answer 'error'))" 'try again; if it stays, ask the administrator'
}
