// Which spokes are shown, and in what order.
import type { Platform, Spoke, SpokeStatus } from "@/api/types";

export type SortKey = "status" | "name" | "address" | "os" | "handshake" | "registered";
export type Wish = { text: string; status: SpokeStatus | ""; os: Platform | ""; sort: SortKey; descending: boolean };

const RANK: Record<SpokeStatus, number> = { inactive: 0, pending: 1, active: 2 };
const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function addressValue(spoke: Spoke): number {
  const parts = (spoke.allowedIPs[0] ?? "").split("/")[0]?.split(".") ?? [];
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

const ORDERS: Record<SortKey, (a: Spoke, b: Spoke) => number> = {
  status: (a, b) => RANK[a.status] - RANK[b.status],
  name: (a, b) => names.compare(a.name, b.name),
  address: (a, b) => addressValue(a) - addressValue(b),
  os: (a, b) => names.compare(a.os, b.os),
  handshake: (a, b) => (a.lastHandshake ?? "").localeCompare(b.lastHandshake ?? ""),
  registered: (a, b) => a.registeredAt.localeCompare(b.registeredAt),
};

export function pick(spokes: Spoke[], wish: Wish): Spoke[] {
  const text = wish.text.trim().toLowerCase();
  const picked = spokes.filter(
    (spoke) =>
      (!wish.status || spoke.status === wish.status) &&
      (!wish.os || spoke.os === wish.os) &&
      (!text ||
        spoke.name.toLowerCase().includes(text) ||
        spoke.allowedIPs.some((each) => each.startsWith(text)) ||
        spoke.publicKey.toLowerCase().startsWith(text) ||
        spoke.proxmoxNodeName?.toLowerCase().includes(text)),
  );
  const order = ORDERS[wish.sort];
  const way = wish.descending ? -1 : 1;
  return picked.sort((a, b) => way * order(a, b) || names.compare(a.name, b.name) || a.id.localeCompare(b.id));
}
