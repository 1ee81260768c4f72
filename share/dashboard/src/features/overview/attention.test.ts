import { describe, expect, it } from "vitest";
import type { AlertTarget, HubConfig, Spoke, Token } from "@/api/types";
import { en } from "@/i18n/en";
import { concernsOf } from "./attention";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const hub = { networkCIDR: "10.0.0.0/28" } as HubConfig;
const token = (id: number, more: object) =>
  ({
    id: `${id}`,
    spokeName: `s${id}`,
    state: "unused",
    expiresAt: "2026-01-02T00:00:00Z",
    progress: null,
    ...more,
  }) as Token;
const failing = (id: number) =>
  token(id, { progress: { stage: "packages", code: 20, reason: "PACKAGES", at: "2025-12-31T23:00:00Z" } });
const texts = (known: object) =>
  concernsOf({ hub, spokes: [], tokens: [], clusters: [], happenings: [], ...known }, NOW, en).map(({ text, to }) => [
    text,
    to,
  ]);

describe("what needs a person", () => {
  it("is nothing at a hub that is well", () => {
    expect(texts({ spokes: [{ status: "active" } as Spoke], tokens: [token(1, {})] })).toEqual([]);
  });
  it("names a few failed installations, and counts many", () => {
    expect(texts({ tokens: [failing(1)] })[0]).toEqual([en.overview.failed("s1", en.stage.packages), "/tokens/1"]);
    expect(texts({ tokens: [1, 2, 3, 4].map(failing) })).toEqual([[en.overview.failedMany(4), "/tokens?state=failed"]]);
  });
  it("has targets that take no alerts, but not those that are switched off", () => {
    const target = (enabled: boolean) =>
      ({ id: "a", name: "chat", enabled, failingSince: "2025-12-31T23:00:00Z" }) as AlertTarget;
    expect(texts({ targets: [target(true)] })).toEqual([[en.overview.alertsFail("chat"), "/alerts"]]);
    expect(texts({ targets: [target(false)] })).toEqual([]);
  });
  it("puts what is bad in front of what is not", () => {
    const soon = token(2, { expiresAt: "2026-01-01T01:00:00Z" });
    const inactive = { status: "inactive" } as Spoke;
    expect(texts({ tokens: [soon, failing(1)], spokes: [inactive] }).map(([, to]) => to)).toEqual([
      "/tokens/1",
      "/spokes?status=inactive",
      "/tokens/2",
    ]);
  });
  it("sees a pool that is nearly full, with the tokens that may still become spokes", () => {
    const spokes = Array.from({ length: 11 }, () => ({ status: "active" }) as Spoke);
    expect(texts({ spokes })).toEqual([]);
    expect(texts({ spokes, tokens: [token(1, {})] })[0]?.[1]).toBe("/hub");
  });
});
