# The uninstaller, as a function whose text becomes ProgramData\wghub-spoke\uninstall.ps1; it stands alone, so it calls none of ours.

function Uninstall-Spoke {
  Set-StrictMode -Version 3.0
  $ErrorActionPreference = 'Stop'
  $PSNativeCommandUseErrorActionPreference = $false
  $me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
  if (-not $me.IsInRole(544)) {
    $global:LASTEXITCODE = 10
    throw "[wghub] ERROR NOT_ADMINISTRATOR (10): this needs an elevated PowerShell. Fix: open it with 'Run as administrator'."
  }
  $root = [Environment]::GetFolderPath('CommonApplicationData') + '\wghub-spoke'
  $programs = $env:ProgramW6432
  if (-not $programs) { $programs = $env:ProgramFiles }
  $configurations = "$programs\WireGuard\Data\Configurations"
  $ours = @(Get-ChildItem -Path "$root\tunnels\*.conf" -ErrorAction SilentlyContinue |
      Where-Object { "$(Get-Content -LiteralPath $_.FullName -TotalCount 1)" -clike '# managed-by: wghub *' } | ForEach-Object { $_.BaseName })
  foreach ($name in $ours) {
    $service = 'WireGuardTunnel$' + $name
    if (Get-Service -Name $service -ErrorAction SilentlyContinue) {
      $null = & "$env:SystemRoot\System32\sc.exe" stop $service
      $null = & "$env:SystemRoot\System32\sc.exe" delete $service
      for ($waited = 0; $waited -lt 30 -and (Get-Service -Name $service -ErrorAction SilentlyContinue); $waited++) { Start-Sleep -Seconds 1 }
    }
    foreach ($file in "$configurations\$name.conf", "$configurations\$name.conf.dpapi") {
      if (Test-Path -LiteralPath $file) { Remove-Item -LiteralPath $file -Force }
    }
    Write-Host "[wghub] removed $name"
  }
  $rest = @(Get-ChildItem -LiteralPath $root -Force -ErrorAction SilentlyContinue | Where-Object { $_.Name -ne 'uninstall.ps1' })
  foreach ($item in $rest) { Remove-Item -LiteralPath $item.FullName -Recurse -Force }
  if ($rest.Count -gt 0) {
    Write-Host '[wghub] uninstalled; WireGuard itself stays. Remove the spoke on the hub too. A second run removes this uninstaller.'
  } else {
    if (Test-Path -LiteralPath $root) { Remove-Item -LiteralPath $root -Recurse -Force }
    Write-Host '[wghub] nothing is left of it on this machine.'
  }
  $global:LASTEXITCODE = 0
}

function Write-Uninstaller {
  $text = (Get-Command -Name Uninstall-Spoke -CommandType Function).Definition
  $what = "# Removes the WireGuard hub's tunnels from this machine, and only what the installation made. WireGuard itself stays."
  $run.Content = "$($run.Marker)`n" + $what + "`n& {$text}`n"
  Write-Private "$($run.Root)\uninstall.ps1"
}
