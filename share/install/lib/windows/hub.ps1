# Talks to the hub over HTTPS: by .NET, or by curl.exe where the hub's own certificate is pinned, which .NET cannot check in 5.1.
# The body stands in $run.Body. Callers read $run.Status (0 = no answer), $run.Problem (tls, network, tool) and $run.Answer.

function ConvertTo-JsonText {
  param([string]$Text)
  ($Text -creplace '[^\x20-\x7e\n]', '').Replace('\', '\\').Replace('"', '\"').Replace("`n", '\n')
}

# POST of $run.Body, or GET when that is empty. A repeated registration with the same key is answered as the first one.
function Invoke-Hub {
  param([string]$Url, [int]$Seconds, [int]$Retries)
  for ($try = 0; ; $try++) {
    $run.Status = 0
    $run.Problem = ''
    $run.Answer = ''
    if ($run.Pin) { Invoke-Curl $Url $Seconds } else { Invoke-Request $Url $Seconds }
    $passing = $run.Problem -eq 'network' -or $run.Status -in 408, 429, 500, 502, 503, 504
    if (-not $passing -or $try -ge $Retries) { break }
    Start-Sleep -Seconds (2 + 2 * $try)
  }
  $run.Body = ''
}

function Invoke-Request {
  param([string]$Url, [int]$Seconds)
  $request = [Net.WebRequest]::CreateHttp($Url)
  $request.Accept = 'text/plain'
  $request.Timeout = $Seconds * 1000
  $request.ReadWriteTimeout = $Seconds * 1000
  $request.AllowAutoRedirect = $false
  $request.KeepAlive = $false
  $request.ServicePoint.Expect100Continue = $false
  if ($env:WGHUB_PROXY) { $request.Proxy = [Net.WebProxy]::new($env:WGHUB_PROXY, $true) }
  $response = $null
  try {
    if ($run.Body) { Send-Body $request }
    $response = $request.GetResponse()
  } catch {
    $response = Get-ErrorResponse $_.Exception
  }
  if ($null -eq $response) { return }
  $run.Status = [int]$response.StatusCode
  try { Read-Answer $response } catch { $run.Status = 0; $run.Problem = 'network' } finally { $response.Close() }
}

function Send-Body {
  param($Request)
  $bytes = [Text.Encoding]::UTF8.GetBytes($run.Body)
  $Request.Method = 'POST'
  $Request.ContentType = 'application/json'
  $Request.ContentLength = $bytes.Length
  $stream = $Request.GetRequestStream()
  try { $stream.Write($bytes, 0, $bytes.Length) } finally { $stream.Dispose() }
}

# The hub's error answers say which error and when, and they are inside the exception. Without one, sets $run.Problem.
function Get-ErrorResponse {
  param($Exception)
  $run.Problem = 'network'
  for ($inner = $Exception; $null -ne $inner; $inner = $inner.InnerException) {
    Write-Note $inner.Message
    if ($inner -is [Security.Authentication.AuthenticationException]) { $run.Problem = 'tls' }
    if ($inner -is [Net.WebException]) {
      if ($null -ne $inner.Response) {
        $run.Problem = ''
        return $inner.Response
      }
      if ($inner.Status -in 'TrustFailure', 'SecureChannelFailure') { $run.Problem = 'tls' }
    }
  }
}

function Read-Answer {
  param($Response)
  $reader = [IO.StreamReader]::new($Response.GetResponseStream(), [Text.Encoding]::UTF8)
  $buffer = [char[]]::new(65536)
  $run.Answer = [string]::new($buffer, 0, $reader.ReadBlock($buffer, 0, $buffer.Length))
}

# The curl.exe of Windows, when it can check a pin: 7.55, which Windows 10 had until 2021, takes the option and checks nothing.
function Find-Curl {
  foreach ($folder in 'Sysnative', 'System32') {
    $program = "$env:SystemRoot\$folder\curl.exe"
    if (-not (Test-Path -LiteralPath $program)) { continue }
    if ("$(& $program --version)" -match '^curl ([89]|[1-9]\d|7\.(59|[6-9]\d|\d{3}))\.') { return $program }
  }
  ''
}

function Invoke-Curl {
  param([string]$Url, [int]$Seconds)
  $curl = Find-Curl
  if (-not $curl) {
    $run.Problem = 'tool'
    return
  }
  $options = "--silent --show-error --connect-timeout 10 --max-time $Seconds --proto =https --tlsv1.2 --insecure --pinnedpubkey `"$($run.Pin)`""
  $options += ' --header "Accept: text/plain" --write-out "\n%{http_code}"'
  if ($run.Body) { $options += ' --header "Content-Type: application/json" --data-binary @-' }
  $run.Input = $run.Body
  $done = Invoke-Program $curl "$options `"$Url`"" ($Seconds + 10)
  if ($done.Output -match '(?s)^(.*)\n(\d{3})\s*$') {
    $run.Answer = $Matches[1]
    $run.Status = [int]$Matches[2]
  }
  if ($run.Status -ne 0) { return }
  $run.Problem = 'network'
  if ($done.Code -in 35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91) { $run.Problem = 'tls' }
}

# One value of a key=value answer.
function Get-Answer {
  param([string]$Name)
  if ($run.Answer -cmatch "(?m)^$Name=(.*)`$") { return $Matches[1] -creplace '[^\x20-\x7e]', '' }
  ''
}

# Tells the hub; best effort, at most 5 s, never decides the outcome. True when the hub took it.
function Send-Report {
  param([string]$Stage, [int]$Code, [string]$Reason)
  $detail = ''
  if ($Code -ne 0) { $detail = ConvertTo-JsonText (Get-LogTail 20) }
  $why = ConvertTo-JsonText ($Reason.Substring(0, [Math]::Min(300, $Reason.Length)).Replace("`n", ' '))
  $run.Body = '{"token":"' + $run.Token + '","stage":"' + $Stage + '","code":' + $Code + ',"reason":"' + $why +
    '","os":"' + $run.Os + '","detail":"' + $detail + '"}'
  Invoke-Hub $run.ReportUrl 5 0
  $run.Status -eq 202
}
