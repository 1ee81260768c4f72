# What the hub wrote into this script for one token, and what a run finds out and keeps. The hub checks each value and quotes it.
function Get-Run {
  $run = @{
    Changed = $false; ClockWrong = $false; Code = 130; Stage = 'preflight'; Reason = ''; Message = ''; Architecture = ''
    Root = ''; NewRoot = $false; State = ''; Tunnels = ''; CopyFile = ''; Log = ''; Lock = $null; Input = ''; Content = ''
    Body = ''; Status = 0; Problem = ''; Answer = ''; Folder = ''; Configurations = ''; Program = ''; Wg = ''; Installer = ''
    Interface = ''; Service = ''; Key = ''; Record = ''; Conf = ''; Published = ''; EndpointAddresses = @(); PublicKey = ''
  }
  $run.Os = {{PLATFORM}}
  $run.Token = {{TOKEN}}
  $run.TokenHash = {{TOKEN_HASH}}
  $run.Endpoint = {{HUB_ENDPOINT}}
  $run.HubKey = {{HUB_PUBLIC_KEY}}
  $run.SpokeId = {{SPOKE_ID}}
  $run.Address = {{SPOKE_IP}}
  $run.Network = {{NETWORK_CIDR}}
  $run.HubAddress = {{HUB_VPN_IP}}
  $run.Dns = {{DNS_SERVERS}}
  $run.Keepalive = {{PERSISTENT_KEEPALIVE}}
  $run.BaseUrl = {{BASE_URL}}
  $run.RegisterUrl = {{CALLBACK_URL}}
  $run.ReportUrl = {{REPORT_URL}}
  $run.Pin = {{CERTIFICATE_PIN}}
  $run.CreatedAt = [long]{{CREATED_AT}}
  $run.ExpiresAt = [long]{{EXPIRES_AT}}
  $run.Command = {{COMMAND}}
  $run.HubHost = $run.BaseUrl -replace '^https://(\[[^]]*\]|[^:/]*).*\z', '$1'
  $run.Marker = "# managed-by: wghub spoke=$($run.SpokeId) hub=$($run.HubHost)"
  $run
}
