# Refuses, before anything is touched, machines and windows where this script cannot work: codes 10 and 11.

# In Constrained Language Mode no .NET may be used, so this has its own small report, by curl.exe.
function Deny-ConstrainedLanguage {
  $told = ''
  $curl = Find-Curl
  if ($curl) {
    $options = @('--silent', '--max-time', '5', '--proto', '=https', '--tlsv1.2', '--output', 'NUL', '--write-out', '%{http_code}')
    if ($run.Pin) { $options += @('--insecure', '--pinnedpubkey', $run.Pin) }
    $run.Body = '{"token":"' + $run.Token + '","stage":"preflight","code":11,"reason":"UNSUPPORTED: Constrained Language Mode","os":"' +
      $run.Os + '","detail":""}'
    $told = $run.Body | & $curl @options --header 'Content-Type: application/json' --data-binary '@-' $run.ReportUrl
  }
  $message = '[wghub] ERROR UNSUPPORTED (11): PowerShell runs in Constrained Language Mode here. Fix: ask the administrator of this machine for a full PowerShell.'
  if ($told -eq '202') { $message += ' The same command works again.' } else { $message += ' Then ask for a new command (New token).' }
  $global:LASTEXITCODE = 11
  throw $message
}

function Test-Platform {
  if ([Environment]::OSVersion.Platform -ne 'Win32NT') {
    Stop-Install 11 UNSUPPORTED 'this is not Windows' 'use the command for this system that the hub shows'
  }
  if ([Environment]::OSVersion.Version.Major -lt 10) {
    Stop-Install 11 UNSUPPORTED "Windows $([Environment]::OSVersion.Version) is too old for WireGuard" 'use Windows 10, Windows Server 2016 or newer'
  }
  if ($PSVersionTable.PSVersion -lt [version]'5.1') {
    Stop-Install 11 UNSUPPORTED "PowerShell $($PSVersionTable.PSVersion) is too old" 'install Windows Management Framework 5.1 or PowerShell 7'
  }
  $run.Architecture = Get-Architecture
  if (-not $run.Architecture) { Stop-Install 11 UNSUPPORTED 'there is no WireGuard for this processor' 'use another machine' }
  $me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
  if (-not $me.IsInRole(544)) {
    Stop-Install 10 NOT_ADMINISTRATOR 'this needs an elevated PowerShell' 'open PowerShell with "Run as administrator" and paste the command there'
  }
}

# The machine's own, not this process's: a 32-bit PowerShell says x86, and x64 on ARM64 says AMD64.
function Get-Architecture {
  $native = $env:PROCESSOR_ARCHITEW6432
  if (-not $native) { $native = [Environment]::GetEnvironmentVariable('PROCESSOR_ARCHITECTURE', 'Machine') }
  if (-not $native) { $native = $env:PROCESSOR_ARCHITECTURE }
  switch ($native) {
    'AMD64' { 'amd64' }
    'ARM64' { 'arm64' }
    'x86' { 'x86' }
    default { '' }
  }
}
