#!/bin/bash
# quickstart where systemd runs the machine: its own steps but for packages and the build, then the demo, then stop --purge.
# vm: --timeout 400 --memory 1536 --with systemd --with python3 --with usermod --with userdel --with groupdel --with useradd --with getent --with install --with mountpoint --with tee
# vm: --add deploy:/src/deploy --add share/install:/src/share/install --add share/nft:/src/share/nft --program BIN/wghub:/src/build/release/bin/wghub
# vm: --program BIN/apid:/src/build/release/bin/apid --program BIN/wgprivd:/src/build/release/bin/wgprivd
# vm: --program BIN/wgprivd-engine:/src/build/release/bin/wgprivd-engine
set -euo pipefail
sed '/^install_packages/d; /^build_programs/d' /src/deploy/quickstart >/src/deploy/started
chmod +x /src/deploy/started

/src/deploy/started --demo 2 | tee /tmp/said
for unit in api.service wgprivd.socket engine.socket restore.service isolate.service; do
  systemctl is-active --quiet "wireguard-hub-$unit" || { echo "NOT   $unit is active" && systemctl status --no-pager "wireguard-hub-$unit" && exit 1; }
done
[ "$(grep -c '^spoke: demo-[12] .* active$' /tmp/said)" -eq 2 ]
again=$(/src/deploy/started --demo 2)
[ "$(sed -n 's/^api-token: //p' <<<"$again")" = "$(sed -n 's/^api-token: //p' /tmp/said)" ]
echo 'ok    a second run keeps the hub and its spokes'

/src/deploy/started stop --purge
gone() { # COMMAND...: it must find nothing
  if "$@" >/dev/null 2>&1; then echo "NOT   gone: $*" && exit 1; fi
}
gone ip link show wg0
gone ip link show wghub-demo0
gone nft list table inet wghub
gone pidof apid
gone pidof wgprivd-engine
for user in wghub wghub-front wgprivd; do gone getent passwd "$user"; done
left=$(find / -xdev -path '*wireguard-hub*' -not -path '/src/*' -not -path '/proc/*')
[ -z "$left" ] || { echo "NOT   gone: $left" && exit 1; }
[ ! -e /src/build/state ]
echo 'ok    stop --purge leaves nothing'
