// What can be told of a network or an endpoint while it is typed. The hub judges again.
import type { Texts } from "@/i18n/en";

type Told = { fault?: string; warning?: string; hosts?: number };

function parseV4(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}
function writeV4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
function within(value: number, network: string, bits: number): boolean {
  const size = 2 ** (32 - bits);
  return Math.floor(value / size) === Math.floor((parseV4(network) ?? 0) / size);
}
function isPrivate(value: number): boolean {
  return within(value, "10.0.0.0", 8) || within(value, "172.16.0.0", 12) || within(value, "192.168.0.0", 16);
}

/** Addresses for spokes: all but the network's, the hub's and the broadcast one. */
export function hostsOf(cidr: string): number {
  const bits = Number(cidr.split("/")[1]);
  return Number.isInteger(bits) ? Math.max(0, 2 ** (32 - bits) - 3) : 0;
}

const COMMON = ["192.168.0.0", "192.168.1.0", "192.168.2.0", "192.168.178.0", "10.0.0.0"];

export function judgeNetwork(text: string, t: Texts): Told {
  const [address = "", bits = ""] = text.trim().split("/");
  const value = parseV4(address);
  const length = /^\d{1,2}$/.test(bits) ? Number(bits) : 33;
  if (value === null || length > 32) return { fault: t.wizard.badCidr };
  if (length < 16 || length > 30) return { fault: t.wizard.badSize };
  const size = 2 ** (32 - length);
  const network = Math.floor(value / size) * size;
  if (network !== value) return { fault: t.wizard.hostBits(`${writeV4(network)}/${length}`) };
  if (!isPrivate(value) || !isPrivate(value + size - 1)) return { fault: t.wizard.notPrivate };
  const common = COMMON.some((each) => (parseV4(each) ?? 0) >= network && (parseV4(each) ?? 0) < network + size);
  return { hosts: hostsOf(text.trim()), ...(common && { warning: t.wizard.common }) };
}

/** The address among these that lies in the network: a spoke would look for it in the tunnel, and not reach it. */
export function swallowed(network: string, hosts: string[]): string | null {
  const [address = "", bits = ""] = network.trim().split("/");
  const inside = (host: string) => {
    const value = parseV4(host);
    return value !== null && within(value, address, Number(bits));
  };
  return parseV4(address) === null ? null : (hosts.find(inside) ?? null);
}

export function judgePort(text: string, t: Texts): Told {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? {} : { fault: t.wizard.badPort };
}

export function judgeEndpoint(text: string, port: string, t: Texts): Told {
  const found = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text.trim());
  if (!found?.[1] || judgePort(found[2] ?? "", t).fault) return { fault: t.wizard.badEndpoint };
  const value = parseV4(found[1]);
  if (found[1] === "localhost" || found[1] === "[::1]" || (value !== null && within(value, "127.0.0.0", 8)))
    return { warning: t.wizard.endpointLocal };
  if (found[2] !== port) return { warning: t.wizard.endpointPort };
  return value !== null && isPrivate(value) ? { warning: t.wizard.endpointPrivate } : {};
}

export function splitDns(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
export function judgeDns(text: string, t: Texts): Told {
  const servers = splitDns(text);
  const good =
    servers.length <= 4 &&
    servers.every((each) => parseV4(each) !== null || /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/.test(each));
  return good ? {} : { fault: t.wizard.badDns };
}

/** The hub as the browser reaches it: most often spokes do by the same name. */
export function suggestEndpoint(hostname: string, port: string): string {
  return `${hostname}:${port}`;
}
