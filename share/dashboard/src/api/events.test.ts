import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { apply, merge } from "./events";
import type { HubEventMessage, Spoke } from "./types";

const spoke = (id: string, status: Spoke["status"] = "active") =>
  ({ id, tokenId: `t-${id}`, name: id, status, proxmoxClusterId: null }) as Spoke;
const event = (type: string, object: object) =>
  ({ type, at: "2026-01-01T00:00:00Z", id: 1, ...object }) as HubEventMessage;

describe("a list and what changed of it", () => {
  it("keeps places, puts new ones in front, drops what is gone", () => {
    const changed = new Map([
      ["b", { id: "b", n: 2 }],
      ["x", { id: "x", n: 9 }],
    ]);
    expect(
      merge(
        [
          { id: "a", n: 1 },
          { id: "b", n: 1 },
          { id: "c", n: 1 },
        ],
        changed,
        new Set(["c"]),
      ),
    ).toEqual([
      { id: "x", n: 9 },
      { id: "a", n: 1 },
      { id: "b", n: 2 },
    ]);
  });
});

describe("events", () => {
  it("change spokes that were read, and of two the later one counts", () => {
    const client = new QueryClient();
    client.setQueryData(["spokes"], [spoke("a"), spoke("b")]);
    apply(client, [
      event("spoke.status", { spoke: spoke("a", "pending") }),
      event("spoke.status", { spoke: spoke("a", "inactive") }),
      event("spoke.removed", { spoke: spoke("b") }),
      event("spoke.registered", { spoke: spoke("c", "pending") }),
    ]);
    expect(client.getQueryData<Spoke[]>(["spokes"])?.map(({ id, status }) => `${id} ${status}`)).toEqual([
      "c pending",
      "a inactive",
    ]);
  });
  it("that are live move handshakes and counters on, and leave the rest", () => {
    const client = new QueryClient();
    client.setQueryData(["spokes"], [spoke("a"), spoke("b")]);
    const live = (at: string, receivedBytes: number, spokes: object[]) =>
      ({ type: "spoke.live", at, receivedBytes, sentBytes: 1, spokes }) as HubEventMessage;
    const beat = { id: "b", lastHandshake: "2026-01-01T00:00:09Z", transferRx: 5, transferTx: 6 };
    apply(client, [live("2026-01-01T00:00:10Z", 100, [beat])]);
    expect(client.getQueryData<Spoke[]>(["spokes"])?.map(({ lastHandshake }) => lastHandshake)).toEqual([
      undefined,
      "2026-01-01T00:00:09Z",
    ]);
    apply(client, [live("2026-01-01T00:00:20Z", 150, [])]);
    expect(client.getQueryData<object[]>(["live"])).toHaveLength(2);
    apply(client, [live("2026-01-01T00:00:30Z", 10, [])]); // the hub was started anew
    expect(client.getQueryData(["live"])).toEqual([{ at: 1767225630, received: 10, sent: 1 }]);
  });
  it("make no list of what was never read", () => {
    const client = new QueryClient();
    apply(client, [event("spoke.status", { spoke: spoke("a") })]);
    expect(client.getQueryData(["spokes"])).toBeUndefined();
  });
});
