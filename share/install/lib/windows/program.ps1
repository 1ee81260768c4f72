# Runs other programs: without a window, with a limit, and with its three streams connected. wireguard.exe has no console: where it
# finds no error stream it shows a message box and waits for somebody to click, so Start-Process would wait with it.

# Text for its input stands in $run.Input, never in a parameter: parameters may be logged.
function Invoke-Program {
  param([string]$Path, [string]$Arguments, [int]$Seconds)
  $start = [Diagnostics.ProcessStartInfo]::new($Path, $Arguments)
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  $start.StandardOutputEncoding = [Text.Encoding]::ASCII
  $start.StandardErrorEncoding = [Text.Encoding]::ASCII
  if ($env:WGHUB_PROXY) { $start.EnvironmentVariables['https_proxy'] = $env:WGHUB_PROXY }
  $process = [Diagnostics.Process]::Start($start)
  $output = $process.StandardOutput.ReadToEndAsync()
  $errors = $process.StandardError.ReadToEndAsync()
  Write-Input $process
  $result = @{ Code = -1; Output = ''; Errors = '' }
  if ($process.WaitForExit($Seconds * 1000)) { $result.Code = $process.ExitCode } else { $process.Kill() }
  if ($output.Wait(5000)) { $result.Output = $output.Result }
  if ($errors.Wait(5000)) { $result.Errors = $errors.Result }
  $process.Dispose()
  Write-Note "$([IO.Path]::GetFileName($Path)) ended with $($result.Code) $($result.Errors.Trim())"
  $result
}

# As bytes: a writer would put the mark of the console's encoding first, which wg takes for a part of the key.
function Write-Input {
  param($Process)
  $bytes = [Text.Encoding]::ASCII.GetBytes($run.Input)
  $run.Input = ''
  try {
    $Process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
    $Process.StandardInput.BaseStream.Flush()
    $Process.StandardInput.Close()
  } catch {
    Write-Note 'the program closed its input early'
  }
}

# In .NET Framework the streams of a program get the console's encoding, with its mark. $null where there is no console.
function Set-AsciiInput {
  try {
    $before = [Console]::InputEncoding
    [Console]::InputEncoding = [Text.Encoding]::ASCII
    $before
  } catch {
    $null
  }
}
