# Folders and files that only SYSTEM and Administrators may read. The access list is set and checked before anything is written.

# WireGuard's own list for its data: protected, so nothing is inherited from above.
function Get-PrivateAccess { 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)' }

function Test-PrivateAccess {
  param([string]$Path)
  $acl = Get-Acl -LiteralPath $Path
  if (-not $acl.AreAccessRulesProtected) { return $false }
  foreach ($rule in $acl.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
    if ($rule.IdentityReference.Value -notin 'S-1-5-18', 'S-1-5-32-544') { return $false }
  }
  $true
}

# Anybody may create folders in ProgramData: one that is somebody else's, or leads elsewhere, is not used.
function Protect-Directory {
  param([string]$Path)
  $null = [IO.Directory]::CreateDirectory($Path)
  $owner = (Get-Acl -LiteralPath $Path).GetOwner([Security.Principal.SecurityIdentifier]).Value
  $me = [Security.Principal.WindowsIdentity]::GetCurrent().User.Value
  $link = [IO.File]::GetAttributes($Path) -band [IO.FileAttributes]::ReparsePoint
  if ($link -or $owner -notin 'S-1-5-18', 'S-1-5-32-544', $me) {
    Stop-Install 70 INTERNAL "$Path belongs to somebody else" 'remove it'
  }
  if (-not (Test-PrivateAccess $Path)) {
    $acl = Get-Acl -LiteralPath $Path
    $acl.SetSecurityDescriptorSddlForm((Get-PrivateAccess), 'Access')
    Set-Acl -LiteralPath $Path -AclObject $acl
  }
  if (-not (Test-PrivateAccess $Path)) {
    Stop-Install 70 INTERNAL "the access list of $Path cannot be set" 'make it a folder that only SYSTEM and Administrators may read'
  }
}

# Writes $run.Content whole or not at all, in UTF-8 without a mark: cmdlets would log it, or add a mark that WireGuard refuses.
function Write-Private {
  param([string]$Path)
  [IO.File]::WriteAllText("$Path.new", $run.Content, [Text.UTF8Encoding]::new($false))
  $run.Content = ''
  Move-Item -LiteralPath "$Path.new" -Destination $Path -Force
}

function Remove-File {
  param([string]$Path)
  if (Test-Path -LiteralPath $Path) { Remove-Item -LiteralPath $Path -Recurse -Force }
}
