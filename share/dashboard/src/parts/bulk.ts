// Lines of names, each with an address or none, and what becomes of them as a table for a spreadsheet.
import type { IssuedToken, Platform } from "@/api/types";

export const MOST = 256;
type Wanted = { spokeName: string; customIP?: string };

/** "laptop-anna" or "laptop-anna, 10.0.1.20" a line; empty lines are nothing. */
export function parseLines(text: string): Wanted[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (!line.trim()) return [];
    const comma = line.lastIndexOf(",");
    const address = comma < 0 ? "" : line.slice(comma + 1).trim();
    if (/^[0-9.]+(\/\d+)?$/.test(address)) return [{ spokeName: line.slice(0, comma).trim(), customIP: address }];
    return [{ spokeName: line.trim() }];
  });
}

/** The nodes of a Proxmox cluster, by commas, spaces or lines, each a spoke named "node.cluster". */
export function parseNodes(text: string, cluster: string): Wanted[] {
  const nodes = new Set(text.split(/[\s,;]+/).filter(Boolean));
  const name = cluster.trim();
  return [...nodes].map((node) => ({ spokeName: name ? `${node}.${name}` : node }));
}

/** A cell that no spreadsheet takes for a formula. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

export function toCsv(tokens: IssuedToken[], platform: Platform): string {
  const rows = tokens.map(({ token, installCommands }) => [
    token.spokeName,
    token.allowedIPs[0] ?? "",
    token.expiresAt,
    installCommands[platform],
  ]);
  return [["name", "address", "expires", "command"], ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

export function download(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
