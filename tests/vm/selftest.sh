#!/bin/bash
# Shows that the harness works: a kernel WireGuard link between two namespaces, a handshake, a ping.
#   namespace one (10.9.0.1) === veth 192.0.2.1 <-> 192.0.2.2 === namespace two (10.9.0.2)
# vm: --timeout 120
set -euo pipefail
ip netns add one && ip netns add two
ip link add one0 netns one type veth peer name two0 netns two
private_one=$(wg genkey) private_two=$(wg genkey)
side() { # NAME NUMBER PRIVATE-KEY PEER-PUBLIC-KEY PEER-NUMBER
  ip -n "$1" link set lo up
  ip -n "$1" addr add "192.0.2.$2/24" dev "$1"0
  ip -n "$1" link set "$1"0 up
  ip -n "$1" link add wg0 type wireguard
  ip netns exec "$1" wg set wg0 listen-port 51820 private-key <(echo "$3") \
    peer "$4" endpoint "192.0.2.$5:51820" allowed-ips "10.9.0.$5/32"
  ip -n "$1" addr add "10.9.0.$2/24" dev wg0
  ip -n "$1" link set wg0 up
}
side one 1 "$private_one" "$(wg pubkey <<<"$private_two")" 2
side two 2 "$private_two" "$(wg pubkey <<<"$private_one")" 1
ip netns exec one ping -c 2 -i 0.2 -W 5 10.9.0.2
read -r _ handshake < <(ip netns exec one wg show wg0 latest-handshakes)
[ "$handshake" -gt 0 ]
nft list ruleset
sudo id -un
echo "handshake seen, kernel $(uname -r)"
