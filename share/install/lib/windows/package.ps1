# Installs WireGuard where it is missing: the official MSI, of one version, by its SHA-256 and by its signature.
# Version and sums: microsoft/winget-pkgs, manifests/w/WireGuard/WireGuard/1.1.1/WireGuard.WireGuard.installer.yaml.

function Get-PinnedVersion { '1.1.1' }

function Get-PinnedHash {
  switch ($run.Architecture) {
    'amd64' { '7BFED60AD61B785C914B38B61555A975488E1D3EC472DBFB2FCDF498FCA75242' }
    'arm64' { '8336335C738D4AFF040FA9D11B752DA65A80B6F41D3262D6BA5E82F97EBD1BD4' }
    'x86' { 'E3EC714FBFCE3BA3A416671252E16CD71517A837A7EBD18B8C24B29A441E8724' }
  }
}

# PATH is changed only for programs that start later, so the whole path is always used.
function Install-Package {
  $run.Program = "$($run.Folder)\wireguard.exe"
  $run.Wg = "$($run.Folder)\wg.exe"
  $run.Stage = 'packages'
  if (-not (Test-Installed)) {
    Write-Step "installing WireGuard $(Get-PinnedVersion)"
    $run.Installer = "$($run.State)\wireguard.msi"
    Get-Installer
    Test-Installer
    Invoke-Installer
    Remove-File $run.Installer
    if (-not (Test-Installed)) { Stop-Install 24 INSTALLER "the installer left no $($run.Program)" "see $($run.State)\msi.log" }
  }
  Send-Progress 'packages'
}

function Test-Installed { (Test-Path -LiteralPath $run.Program) -and (Test-Path -LiteralPath $run.Wg) }

# Into a folder that only administrators may write, so that nobody exchanges it between the check and the installation.
function Get-Installer {
  $url = "https://download.wireguard.com/windows-client/wireguard-$($run.Architecture)-$(Get-PinnedVersion).msi"
  try {
    if ($env:WGHUB_MSI) { Copy-Item -LiteralPath $env:WGHUB_MSI -Destination $run.Installer -Force } else { Save-Download $url $run.Installer }
  } catch {
    Write-Note $_.Exception.Message
    Stop-Install 20 PACKAGE_FAILED "cannot get $url" "let this machine reach it, or bring the file and set `$env:WGHUB_MSI = 'FILE' in this window first"
  }
}

function Save-Download {
  param([string]$Url, [string]$Path)
  $request = [Net.WebRequest]::CreateHttp($Url)
  $request.Timeout = 30000
  $request.ReadWriteTimeout = 30000
  if ($env:WGHUB_PROXY) { $request.Proxy = [Net.WebProxy]::new($env:WGHUB_PROXY, $true) }
  $end = [DateTime]::UtcNow.AddMinutes(10)
  $response = $request.GetResponse()
  $file = [IO.File]::Create($Path)
  try {
    $stream = $response.GetResponseStream()
    $buffer = [byte[]]::new(65536)
    while (($count = $stream.Read($buffer, 0, $buffer.Length)) -gt 0) {
      $file.Write($buffer, 0, $count)
      if ($file.Length -gt 67108864 -or [DateTime]::UtcNow -gt $end) { Stop-Install 20 PACKAGE_FAILED "$Url is too large or too slow" 'try again' }
    }
  } finally {
    $file.Dispose()
    $response.Close()
  }
}

function Test-Installer {
  $hash = (Get-FileHash -LiteralPath $run.Installer -Algorithm SHA256).Hash
  if ($hash -ne (Get-PinnedHash)) { Deny-Installer "SHA-256 $hash" }
  $signature = Get-AuthenticodeSignature -LiteralPath $run.Installer
  if ($signature.Status -ne 'Valid') { Deny-Installer "signature $($signature.Status)" }
  $signer = $signature.SignerCertificate.GetNameInfo('SimpleName', $false)
  if ($signer -cne 'WireGuard LLC') { Deny-Installer "signed by $signer" }
}

function Deny-Installer {
  param([string]$Why)
  Remove-File $run.Installer
  Stop-Install 24 SIGNATURE_MISMATCH "the installer is not the expected one ($Why)" 'do not install it; tell the administrator'
}

# Another installation may be under way for minutes; 3010 and 1641 are successes that want a restart some time.
function Invoke-Installer {
  $log = "$($run.State)\msi.log"
  for ($waited = 0; ; $waited += 10) {
    $done = Invoke-Program "$env:SystemRoot\System32\msiexec.exe" "/i `"$($run.Installer)`" /qn /norestart DO_NOT_LAUNCH=1 /log `"$log`"" 900
    if ($done.Code -ne 1618 -or $waited -ge 180) { break }
    if ($waited -eq 0) { Write-Step 'another installation is running; waiting for it.' }
    Start-Sleep -Seconds 10
  }
  if ($done.Code -eq 1618) { Stop-Install 21 PACKAGES_BUSY 'another Windows installation is running, waited 180 s' 'wait until it is over' }
  if ($done.Code -in 3010, 1641) { $run.Reason = 'reboot=advised' }
  if ($done.Code -notin 0, 3010, 1641) {
    if (Test-Path -LiteralPath $log) { Get-Content -LiteralPath $log -Tail 5 | ForEach-Object { Write-Note $_ } }
    Stop-Install 24 INSTALLER "msiexec ended with $($done.Code)" "see $log (1625: a policy forbids it; 1603: it failed)"
  }
}
