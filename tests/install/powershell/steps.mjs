// What each step of the Windows script must do and in which order, by the numbers of the requirements. Code is read without its comments.
import { inOrder, missing } from "./rules.mjs";

/** A check that a function's code has all of these, and none of those. */
const has = (name, patterns, never = []) => (script) => [
  ...missing(script.body(name), patterns, name),
  ...never.filter((pattern) => pattern.test(script.body(name))).map((pattern) => `${name} has ${pattern}`),
];

const order = (name, wanted) => (script) => inOrder(script.calls(name), wanted);

const all = (...checks) => (script) => checks.flatMap((check) => check(script));

/** Where a text first stands in a function must be before where another one does. */
const before = (name, first, second) => (script) => {
  const text = script.body(name);
  const one = text.search(first);
  const two = text.search(second);
  return one >= 0 && two >= 0 && one < two ? [] : [`${name}: ${first} does not come before ${second}`];
};

const stopsWith = (name, code, word) => (script) => {
  const found = script.commands(script.fn(name), "Stop-Install").some((c) => script.arguments(c)[0].text === String(code) && script.arguments(c)[1].text === word);
  return found ? [] : [`${name} never stops with ${code} ${word}`];
};

/** Only where the present choice isn't the system's own is anything added to it, and never is one version demanded. */
function protocols(script) {
  const faults = [];
  for (const { node, left, right } of script.assignments()) {
    if (!/SecurityProtocol$/.test(left)) continue;
    const restored = right.text === "$protocols";
    const guarded = /-ne 0\)/.test(script.inside(node, ["if_statement"])?.text.split("\n")[0] ?? "");
    if (!restored && !(guarded && /^\$protocols -bor 3072/.test(right.text))) faults.push(node.text);
  }
  return faults.concat(missing(script.body("Set-Protocols"), [/-bor 3072/, /-bor 12288/], "Set-Protocols"));
}

/** A pin and the option that switches the other check off stand together, and only behind the test of the program's version. */
function pinned(script) {
  const faults = [];
  for (const name of ["Invoke-Curl", "Deny-ConstrainedLanguage"]) {
    const text = script.body(name);
    faults.push(...missing(text, [/--insecure['"]?,? ?'?--pinnedpubkey/, /\$curl = Find-Curl/], name));
  }
  if ((script.code(script.root).match(/--insecure/g) ?? []).length !== 2) faults.push("--insecure stands elsewhere");
  return faults.concat(missing(script.body("Find-Curl"), [/7\\\.\(59\|\[6-9\]\\d\|\\d\{3\}\)/, /SystemRoot/], "Find-Curl"));
}

/** The uninstaller's text stands alone. */
function aloneUninstaller(script) {
  return script.calls("Uninstall-Spoke").filter((name) => script.functions.has(name)).map((name) => `Uninstall-Spoke calls ${name}`);
}

/** The service's name has a dollar sign of its own, so it never stands in double quotes. */
const serviceName = (script) => script.all("expandable_string_literal").filter((node) => /WireGuardTunnel/.test(node.text)).map((node) => node.text);

function stages(script) {
  const told = script.commands(script.root, "Send-Progress").map((c) => script.arguments(c)[0].text.replaceAll("'", ""));
  const wanted = ["preflight", "packages", "key", "registered", "configured", "started", "verified"];
  return [...wanted.filter((stage) => !told.includes(stage)), ...told.filter((stage) => !wanted.includes(stage))].map((stage) => `stage ${stage}`);
}

/** Keys and names are told apart by case, so no comparison may forget it. */
const caseMatters = (script) => script.all("comparison_expression")
  .filter((node) => /(Get-KeyForm|a-zA-Z0-9_=|WireGuard LLC|\$run\.PublicKey\b.*-n?e|managed-by)/.test(node.text) && / -(match|eq|ne|like|notmatch) /.test(node.text) && !/CON\|PRN/.test(node.text))
  .map((node) => node.text);

export const steps = {
  "R21 the order of the steps": order("Install-Spoke", ["Test-Platform", "Enter-Installation", "Test-Done", "Test-Machine", "Install-Package", "New-Key", "Register-Spoke",
    "Write-Configuration", "Start-Tunnel", "Confirm-Tunnel", "Complete-Install"]),
  "R21 every way out": all(has("Start-Install", [/finally \{\s+try \{ Exit-Installation \}/, /\$run\.Lock\.Dispose\(\)/]), has("Exit-Installation", [/Code -eq 130/, /if \(Test-Undo\) \{ Undo-Install \}/, /Get-ResumeCommand/]),
    has("Test-Undo", [/-in 0, 60, 61\) \{ return \$false/, /-in 40, 41, 42, 45\) \{ return Test-State 'replaced'/, /\$run\.Changed/]), has("Undo-Install", [/Stop-Tunnel/, /\.bak/, /Publish-Configuration/])),
  "R21 one run at a time": all(has("Enter-Lock", [/'OpenOrCreate', 'ReadWrite', 'None'/, /-lt 120/]), order("Enter-Installation", ["Protect-Directory", "Enter-Lock"]), stopsWith("Enter-Lock", 70, "BUSY")),
  "R1 the copy is saved before anything can fail": all(order("Enter-Installation", ["Protect-Directory", "Save-Copy", "Enter-Lock"]), has("Save-Copy", [/\$copy/, /\[ScriptBlock\]::Create\(/, /Write-Private \$run\.CopyFile/]),
    has("Get-ResumeCommand", [/powershell -NoProfile -ExecutionPolicy Bypass -File/]), (script) => (/\$copy = "\$install"\s+& \$install\s/.test(script.code(script.root)) ? [] : ["the block's text is not kept"])),
  "R1 the copy goes after the first handshake and done stays": all(before("Complete-Files", /\\done"/, /'install\.ps1'/), has("Complete-Files", [/Remove-File/], [/Remove-File \$run\.State\b/]),
    order("Install-Spoke", ["Confirm-Tunnel", "Complete-Install"]), has("Complete-Install", [/Complete-Files/])),
  "R32 codes 10 to 16 give the token back": has("Send-Failure", [/-in 10\.\.16 -and -not \(\$run\.State -and \(Test-State 'registering'\)\)/, /if \(\$told -and \$free\)/, /Get-Answer 'state'/, /New token/, /40, 41, 42, 45/, /-eq 43/]),
  "R60 TLS": protocols,
  "R28 the pin": pinned,
  "R61 elevated": all(has("Test-Platform", [/IsInRole\(544\)/]), stopsWith("Test-Platform", 10, "NOT_ADMINISTRATOR")),
  "R61 where it cannot work": all(stopsWith("Test-Platform", 11, "UNSUPPORTED"), has("Test-Platform", [/Version\.Major -lt 10/, /\[version\]'5\.1'/, /Win32NT/]),
    has("Deny-ConstrainedLanguage", [/LASTEXITCODE = 11/, /"code":11/, /\$told -eq '202'/], [/::/, /\.\w+\(/])),
  "R63 the native program, by its whole path": all(has("Test-Machine", [/\$env:ProgramW6432/, /-not \$programs\) \{ \$programs = \$env:ProgramFiles/]), has("Install-Package", [/\$\(\$run\.Folder\)\\wireguard\.exe/, /\$\(\$run\.Folder\)\\wg\.exe/])),
  "R64 which installer": all(has("Get-Architecture", [/PROCESSOR_ARCHITEW6432/, /'Machine'/, /'ARM64' \{ 'arm64' \}/]), has("Get-PinnedHash", [/'amd64' \{ '[0-9A-F]{64}' \}/, /'arm64' \{ '[0-9A-F]{64}' \}/, /'x86' \{ '[0-9A-F]{64}' \}/]),
    has("Get-Installer", [/https:\/\/download\.wireguard\.com\/windows-client\/wireguard-\$\(\$run\.Architecture\)-\$\(Get-PinnedVersion\)\.msi/])),
  "R64 hash and signature before it runs": all(order("Install-Package", ["Get-Installer", "Test-Installer", "Invoke-Installer"]), has("Test-Installer", [/-Algorithm SHA256/, /\$hash -ne \(Get-PinnedHash\)\) \{ Deny-Installer/, /Status -ne 'Valid'\) \{ Deny-Installer/,
    /-cne 'WireGuard LLC'\) \{ Deny-Installer/]), stopsWith("Deny-Installer", 24, "SIGNATURE_MISMATCH")),
  "R64 what msiexec says": all(has("Invoke-Installer", [/\/qn \/norestart DO_NOT_LAUNCH=1/, /-ne 1618 -or \$waited -ge 180/, /-notin 0, 3010, 1641\)/]), stopsWith("Invoke-Installer", 21, "PACKAGES_BUSY"), stopsWith("Invoke-Installer", 24, "INSTALLER")),
  "R65 encodings": all(has("Start-Install", [/\$OutputEncoding = \[Text\.Encoding\]::ASCII/]), before("Start-Install", /Set-AsciiInput/, /Install-Spoke/), has("Set-AsciiInput", [/try \{/, /\[Console\]::InputEncoding = \[Text\.Encoding\]::ASCII/]),
    has("Write-Input", [/BaseStream\.Write\(\$bytes/]), has("Read-Key", [/\.Output\.Trim\(\)/, /-cnotmatch \(Get-KeyForm\)/, /-cmatch \(Get-KeyForm\)/]), has("Get-KeyForm", [/'\^\[A-Za-z0-9\+\/\]\{42\}\[AEIMQUYcgkosw048\]=\\z'/])),
  "R65 R19 case": caseMatters,
  "R15 the key is made here and written once": all(has("New-Key", [/'genkey'/, /Write-Private \$run\.Key/, /Test-OursForSpoke \$run\.Key/]), before("New-Key", /Save-Interface/, /'genkey'/), has("Invoke-Program", [], [/Write-Note .*\.Output/])),
  "R66 files": all(has("Write-Private", [/\[IO\.File\]::WriteAllText\("\$Path\.new", \$run\.Content, \[Text\.UTF8Encoding\]::new\(\$false\)\)/, /Move-Item .* -Force/]), has("Write-Configuration", [/Write-Private \$run\.Record/])),
  "R67 register": all(has("Send-Body", [/\[Text\.Encoding\]::UTF8\.GetBytes\(\$run\.Body\)/]), has("Get-ErrorResponse", [/\$inner -is \[Net\.WebException\]/, /return \$inner\.Response/, /InnerException/]), has("Invoke-Request", [/Accept = 'text\/plain'/, /AllowAutoRedirect = \$false/]),
    has("Register-Spoke", [/"publicKey":"/, /Invoke-Hub \$run\.RegisterUrl 60 3/]), before("Register-Spoke", /Set-State 'registering'/, /Invoke-Hub/)),
  "R67 answers": all(...[[44, "HUB_ERROR"], [42, "TOKEN_USED"], [45, "TOKEN_REVOKED"], [41, "TOKEN_EXPIRED"], [40, "TOKEN_UNKNOWN"], [43, "REFUSED"]].map(([code, word]) => stopsWith("Test-Registration", code, word)),
    has("Test-Registration", [/'publicKey'\) -cne \$run\.PublicKey/, /Test-State 'registered'/])),
  "R17 JSON": all(has("ConvertTo-JsonText", [/\[\^\\x20-\\x7e\\n\]/, /\.Replace\('\\', '\\\\'\)\.Replace\('"', '\\"'\)/]), has("Get-Metadata", [/hostname":"' \+ \(ConvertTo-JsonText/, /distribution":"' \+ \(ConvertTo-JsonText/, /wireguardVersion":"' \+ \(ConvertTo-JsonText/]),
    has("Send-Report", [/\$detail = ConvertTo-JsonText/, /\$why = ConvertTo-JsonText/])),
  "R68 service": all(has("Start-TunnelService", [/\/installtunnelservice `"\$\(\$run\.Published\)`"/, /-lt 20/, /-eq 'Running'/]), has("Write-ServiceLog", [/'\/dumplog'/, /Hide-Secret/]), order("Start-Tunnel", ["Start-TunnelService", "Write-ServiceLog", "Stop-Install"]),
    stopsWith("Start-Tunnel", 50, "START_FAILED"), serviceName),
  "R69 an earlier tunnel": all(order("Write-Configuration", ["Protect-Directory", "Save-Old", "Stop-Tunnel", "Write-Private", "Publish-Configuration"]), has("Stop-Tunnel", [/\/uninstalltunnelservice/, /-lt 20 -and \(Get-Service/])),
  "R20 what is somebody else's": all(stopsWith("Select-Interface", 16, "NAME_CONFLICT"), has("Get-Obstacle", [/-not \(Test-Ours \$file\)/, /\.conf\.dpapi/, /Get-Service -Name \('WireGuardTunnel\$' \+ \$Name\)/, /Get-NetAdapter/]),
    order("Test-Machine", ["Test-Clock", "Test-Hub", "Select-Interface", "Resolve-Endpoint", "Test-Route"])),
  "R19 names and marks": all(has("Test-TunnelName", [/'\^\[a-zA-Z0-9_=\+\.-\]\{1,32\}\\z'/, /CON\|PRN\|AUX\|NUL\|COM\[1-9\]\|LPT\[1-9\]/]), has("Get-TunnelName", [/WGHUB_IFACE/, /'wg0', 'wghub'/]), has("Get-Run", [/# managed-by: wghub spoke=\$\(\$run\.SpokeId\) hub=\$\(\$run\.HubHost\)/]),
    has("Set-ConfText", [/^[^]*Content = "\$\(\$run\.Marker\)`r`n\[Interface\]/]), has("Write-Uninstaller", [/"\$\(\$run\.Marker\)`n"/]), has("New-Key", [/"\$\(\$run\.Marker\)`n\$\(\$made/])),
  "R70 only SYSTEM and Administrators": all(has("Get-PrivateAccess", [/'D:PAI\(A;OICI;FA;;;SY\)\(A;OICI;FA;;;BA\)'/]), before("Write-Configuration", /Protect-Directory "\$\(\$run\.Folder\)\\Data"/, /Write-Private|Copy|CreateDirectory/),
    has("Enter-Installation", [/Protect-Directory \$run\.State/, /Protect-Directory \$run\.Tunnels/]), before("Enter-Installation", /Protect-Directory \$run\.Root/, /CreateDirectory|Save-Copy|Write-Note/), has("Test-PrivateAccess", [/AreAccessRulesProtected/, /'S-1-5-18', 'S-1-5-32-544'\) \{ return \$false/]),
    order("Protect-Directory", ["Stop-Install", "Set-Acl", "Test-PrivateAccess", "Stop-Install"]), has("Protect-Directory", [/ReparsePoint/, /GetOwner/, /if \(\$link -or \$owner -notin /])),
  "R70 the manager's copy": all(before("Publish-Configuration", /Remove-File "\$\(\$run\.Conf\)\.dpapi"/, /\[IO\.File\]::Copy/), has("Publish-Configuration", [/'WireGuardManager'/, /-lt 10 -and/, /Published = "\$\(\$run\.Conf\)\.dpapi"/])),
  "R71 the manager is not installed": (script) => (/installmanagerservice/.test(script.code(script.root)) ? ["/installmanagerservice"] : []),
  "R58 R25 the configuration": has("Set-ConfText", [/Address = \$\(\$run\.Address\.Split\('\/'\)\[0\]\)\/32/, /AllowedIPs = \$\(\$run\.Network\)`r/, /PersistentKeepalive = /], [/DNS/, /ListenPort/, /PostUp/]),
  "R25 overlap": all(stopsWith("Test-Route", 15, "ADDRESS_CONFLICT"), has("Get-CollidingRoute", [/Get-NetRoute -AddressFamily IPv4/, /InterfaceAlias -eq \$run\.Interface\) \{ continue/, /\/\[01\]\\z/]), has("Test-Overlap", [/\[Math\]::Min/, /-shr \$shift\) -eq/]),
    has("Test-Route", [/EndpointAddresses/])),
  "R21 the endpoint's name": all(stopsWith("Resolve-Endpoint", 13, "HUB_UNREACHABLE"), has("Resolve-Endpoint", [/\.Wait\(15000\)/])),
  "R27 the clock": all(has("Test-Clock", [/CreatedAt - 300/, /ExpiresAt \+ 300/, /ClockWrong = \$true/], [/Stop-Install/]), stopsWith("Test-Connected", 14, "TLS"), stopsWith("Test-Connected", 13, "HUB_UNREACHABLE"), has("Test-Connected", [/-eq 'tls' -and \$run\.ClockWrong/])),
  "R23 the handshake": all(has("Wait-Handshake", [/'latest-handshakes' 1\) -ne '0'/, /-le \$Seconds/]), order("Confirm-Tunnel", ["Wait-Handshake", "Set-OtherFamily", "Wait-Handshake", "Stop-WithoutHandshake", "Test-Reachable", "Test-Mtu"]),
    has("Test-Reachable", [/Test-Ping 0\) \{ return/, /Test-Tcp\) \{ return/]), stopsWith("Test-Reachable", 61, "TRAFFIC_BLOCKED"), has("Test-Tcp", [/ConnectionRefused/, /443\)\.Wait\(5000\)/])),
  "R24 why there is none": all(has("Stop-WithoutHandshake", [/'transfer' 1/, /'transfer' 2/, /\$sent -eq '0'/, /\$received -eq '0'/, /blocked on the way, or the hub does not know this key/]), stopsWith("Stop-WithoutHandshake", 60, "NO_HANDSHAKE")),
  "R26 the MTU": has("Test-Mtu", [/NlMtu - 28/, /Write-Caution/, / mtu=/], [/Stop-Install/]),
  "R26 not cut up": has("Test-Ping", [/PingOptions\]::new\(64, \$Bytes -gt 0\)/, /, 2000,/]),
  "R22 the uninstaller": all(aloneUninstaller, has("Uninstall-Spoke", [/IsInRole\(544\)/, /LASTEXITCODE = 10/, /LASTEXITCODE = 0/, /-clike '# managed-by: wghub \*'/, /delete \$service/, /-lt 30 -and \(Get-Service/], [/msiexec/]), order("Write-Configuration", ["Write-Uninstaller", "Send-Progress"])),
  "R30 reports": all(has("Send-Report", [/"token":"/, /"stage":"/, /"code":/, /"reason":"/, /"os":"/, /"detail":"/, /Invoke-Hub \$run\.ReportUrl 5 0/, /-eq 202/, /Get-LogTail 20/]), has("Get-LogTail", [/Hide-Secret/, /1400/]), has("Send-Progress", [/-contains \$Stage\) \{ return \}/]), stages),
  "R30 R31 masks": all(has("Hide-Secret", [/'\[A-Za-z0-9\+\/\]\{43\}=', '\[key\]'/, /'\[A-Za-z0-9_-\]\{43\}', '\[token\]'/, /private \*key/]), has("Write-Note", [/Hide-Secret \$Text/])),
  "R31 messages": all(has("Stop-Install", [/"\[wghub\] ERROR \$Name \(\$Code\): \$Cause\. Fix: \$Fix\."/]), has("Write-Step", [/"\[wghub\] \$Text"/])),
};
