import { describe, expect, it } from "vitest";
import type { IssuedToken } from "@/api/types";
import { parseLines, parseNodes, toCsv } from "./bulk";

it("reads names, and addresses behind the last comma", () => {
  expect(parseLines("laptop-anna\n\n  pc, 10.0.1.20 \r\nMüller, Jan\n")).toEqual([
    { spokeName: "laptop-anna" },
    { spokeName: "pc", customIP: "10.0.1.20" },
    { spokeName: "Müller, Jan" },
  ]);
});

it("writes no cell that a spreadsheet would run", () => {
  const token = {
    token: { spokeName: '=cmd|"x"', allowedIPs: ["10.0.1.2/32"], expiresAt: "2026-01-01T00:00:00Z" },
    installCommands: { linux: "curl x" },
  } as unknown as IssuedToken;
  expect(toCsv([token], "linux").split("\r\n")[1]).toBe('"\'=cmd|""x""","10.0.1.2/32","2026-01-01T00:00:00Z","curl x"');
});

describe("the nodes of a cluster", () => {
  it("are named after it, each once", () => {
    expect(parseNodes("pve1, pve2\npve3 pve1", " berlin ")).toEqual([
      { spokeName: "pve1.berlin" },
      { spokeName: "pve2.berlin" },
      { spokeName: "pve3.berlin" },
    ]);
    expect(parseNodes("pve1", "")).toEqual([{ spokeName: "pve1" }]);
  });
});
