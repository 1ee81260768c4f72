// The hub's stream of events, by which what was read stays true without asking again. Changes are gathered for a moment and put into the
// lists in one go: five thousand spokes may change at once.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { sessionEnded } from "./client";
import { type LiveSample, liveQuery } from "./queries";
import type { AlarmEvent, HubEventMessage, LiveEvent, ReconcileEvent, Spoke, Token } from "./types";

const TYPES = [
  "token.created",
  "token.claimed",
  "token.released",
  "token.revoked",
  "spoke.registered",
  "spoke.status",
  "spoke.removed",
  "cluster.created",
  "cluster.updated",
  "cluster.removed",
  "install.report",
  "reconcile",
  "alarm",
  "alert",
  "hub.updated",
  "spoke.live",
  "resync",
  "session-ended",
] as const;
const GATHER_MS = 200;
const RETRY_MS = [1000, 2000, 5000, 10_000];
const KEPT_HAPPENINGS = 20;
const KEPT_SAMPLES = 360; // an hour

export type Happening = AlarmEvent | ReconcileEvent;
export type StreamState = { connection: "connecting" | "open" | "lost"; happenings: Happening[] };

let state: StreamState = { connection: "connecting", happenings: [] };
const listeners = new Set<() => void>();
function set(change: Partial<StreamState>): void {
  state = { ...state, ...change };
  for (const each of listeners) each();
}
export function useStream(): StreamState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** The list with the changed ones in place, the new ones in front, without the gone ones. */
export function merge<T extends { id: string }>(list: T[], changed: Map<string, T>, gone: Set<string>): T[] {
  const left = new Map(changed);
  const merged = list.flatMap((each) => {
    if (gone.has(each.id)) return [];
    const newer = left.get(each.id);
    left.delete(each.id);
    return [newer ?? each];
  });
  return left.size ? [...[...left.values()].reverse(), ...merged] : merged;
}

/** Puts counters and handshakes as they go on into what was read. */
function applyLive(client: QueryClient, events: LiveEvent[]): void {
  const beats = new Map(events.flatMap(({ spokes }) => spokes).map((beat) => [beat.id, beat]));
  if (beats.size)
    client.setQueryData<Spoke[]>(["spokes"], (list) =>
      list?.map((spoke) => {
        const beat = beats.get(spoke.id);
        return beat ? { ...spoke, lastHandshake: beat.lastHandshake } : spoke;
      }),
    );
  const last = events.at(-1);
  if (!last) return;
  const sample = { at: Date.parse(last.at) / 1000, received: last.receivedBytes, sent: last.sentBytes };
  client.setQueryData<LiveSample[]>(liveQuery.queryKey, (list = []) => {
    const before = list.filter(({ at, received }) => at < sample.at && received <= sample.received); // else: begun anew
    return [...before.slice(1 - KEPT_SAMPLES), sample];
  });
  void client.invalidateQueries({ queryKey: ["spoke"] }); // the counters of one that is looked at
}

/** Applies a batch of events to what was read. */
export function apply(client: QueryClient, events: HubEventMessage[]): void {
  const spokes = new Map<string, Spoke>();
  const gone = new Set<string>();
  const tokens = new Map<string, Token>();
  const stale = new Map<string, string[]>();
  const mark = (...key: string[]) => stale.set(key.join("/"), key);
  const happenings: Happening[] = [];
  const live: LiveEvent[] = [];
  for (const event of events) {
    switch (event.type) {
      case "token.created":
      case "token.claimed":
      case "token.released":
      case "token.revoked":
        tokens.set(event.token.id, event.token);
        mark("token", event.token.id);
        break;
      case "spoke.registered":
      case "spoke.status":
        spokes.set(event.spoke.id, event.spoke);
        gone.delete(event.spoke.id);
        mark("spoke", event.spoke.id);
        if (event.type === "spoke.registered") {
          mark("token", event.spoke.tokenId);
          mark("tokens");
        }
        if (event.spoke.proxmoxClusterId) {
          mark("clusters");
          mark("cluster", event.spoke.proxmoxClusterId);
        }
        break;
      case "spoke.removed":
        spokes.delete(event.spoke.id);
        gone.add(event.spoke.id);
        mark("spoke", event.spoke.id);
        mark("tokens");
        if (event.spoke.proxmoxClusterId) mark("cluster", event.spoke.proxmoxClusterId);
        break;
      case "cluster.created":
      case "cluster.updated":
      case "cluster.removed":
        mark("clusters");
        mark("cluster", event.cluster.id);
        break;
      case "install.report":
        mark("token", event.report.tokenId);
        mark("tokens");
        break;
      case "hub.updated":
        client.setQueryData(["hub"], event.hubConfig);
        break;
      case "spoke.live":
        live.push(event);
        break;
      case "reconcile":
      case "alarm":
        happenings.push(event);
        break;
      case "alert":
        mark("alerts");
        mark("alert-targets");
        break;
      case "resync":
        void client.invalidateQueries();
        break;
      case "session-ended":
        sessionEnded();
        break;
    }
  }
  if (spokes.size || gone.size) client.setQueryData<Spoke[]>(["spokes"], (list) => list && merge(list, spokes, gone));
  if (tokens.size) client.setQueryData<Token[]>(["tokens"], (list) => list && merge(list, tokens, new Set()));
  applyLive(client, live);
  for (const key of stale.values()) void client.invalidateQueries({ queryKey: key });
  if (happenings.length) set({ happenings: [...happenings.reverse(), ...state.happenings].slice(0, KEPT_HAPPENINGS) });
}

/** Follows the stream until the returned function is called; after a loss it comes back by itself and reads everything anew. */
export function follow(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let waiting: HubEventMessage[] = [];
  let gather: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let wasLost = false;

  const flush = () => {
    gather = undefined;
    const events = waiting;
    waiting = [];
    apply(client, events);
  };
  const take = (message: MessageEvent<string>) => {
    waiting.push(JSON.parse(message.data) as HubEventMessage);
    gather ??= setTimeout(flush, GATHER_MS);
  };
  const open = () => {
    source = new EventSource("/api/events?live=true");
    for (const type of TYPES) source.addEventListener(type, take);
    source.onopen = () => {
      failures = 0;
      if (wasLost) void client.invalidateQueries();
      wasLost = false;
      set({ connection: "open" });
    };
    source.onerror = () => {
      source?.close();
      wasLost = true;
      set({ connection: "lost" });
      // A stream that is refused for want of a session looks like one that is lost: only a request tells which.
      void client.invalidateQueries({ queryKey: ["me"] });
      retry = setTimeout(open, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
      failures += 1;
    };
  };
  open();
  return () => {
    clearTimeout(gather);
    clearTimeout(retry);
    source?.close();
    set({ connection: "connecting", happenings: [] });
  };
}
