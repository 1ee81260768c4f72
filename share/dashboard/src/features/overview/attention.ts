// What needs a person: gathered from what is known of spokes, tokens, clusters and the stream.
import type { Happening } from "@/api/events";
import type { AlertTarget, Cluster, HubConfig, Spoke, Token } from "@/api/types";
import type { Texts } from "@/i18n/en";

export type Concern = { id: string; kind: "bad" | "warn" | "info"; text: string; to: string; at?: string };

const EXPIRES_SOON_MS = 2 * 3_600_000;
const POOL_FULL = 0.9;
const NAMED = 3; // failed installations and expiring tokens; more are told as a number

type Known = {
  hub: HubConfig | null;
  spokes: Spoke[];
  tokens: Token[];
  clusters: Cluster[];
  happenings: Happening[];
  targets?: AlertTarget[]; // none for whom they are not
};

export function poolOf(hub: HubConfig): number {
  return Math.max(0, 2 ** (32 - Number(hub.networkCIDR.split("/")[1])) - 3);
}
/** Addresses that are somebody's: of spokes, and of tokens that may still become one. */
export function heldOf(spokes: Spoke[], tokens: Token[]): number {
  return spokes.length + tokens.filter(({ state }) => state === "unused" || state === "claimed").length;
}

export function concernsOf(known: Known, now: number, t: Texts): Concern[] {
  const { hub, spokes, tokens, clusters, happenings, targets = [] } = known;
  const concerns: Concern[] = [];
  happenings.forEach((each) => {
    if (each.type === "alarm")
      concerns.push({
        id: `alarm-${each.id}`,
        kind: "bad",
        text: t.overview.alarm(each.alarm.text),
        to: "/audit",
        at: each.at,
      });
  });
  for (const { id, name, enabled, failingSince } of targets)
    if (enabled && failingSince)
      concerns.push({
        id: `target-${id}`,
        kind: "bad",
        text: t.overview.alertsFail(name),
        to: "/alerts",
        at: failingSince,
      });
  const open = tokens.filter(({ state }) => state === "unused" || state === "claimed");
  const failed = open.filter(({ progress }) => progress && progress.code !== 0);
  for (const token of failed.length > NAMED ? [] : failed)
    concerns.push({
      id: `failed-${token.id}`,
      kind: "bad",
      text: t.overview.failed(token.spokeName, t.stage[token.progress?.stage ?? "fetched"]),
      to: `/tokens/${token.id}`,
      ...(token.progress && { at: token.progress.at }),
    });
  if (failed.length > NAMED)
    concerns.push({
      id: "failed",
      kind: "bad",
      text: t.overview.failedMany(failed.length),
      to: "/tokens?state=failed",
    });
  const expiring = open.filter(
    (token) => !failed.includes(token) && Date.parse(token.expiresAt) - now < EXPIRES_SOON_MS,
  );
  for (const token of expiring.length > NAMED ? [] : expiring)
    concerns.push({
      id: `expiring-${token.id}`,
      kind: "info",
      text: t.overview.expiring(token.spokeName),
      to: `/tokens/${token.id}`,
      at: token.expiresAt,
    });
  if (expiring.length > NAMED)
    concerns.push({
      id: "expiring",
      kind: "info",
      text: t.overview.expiringMany(expiring.length),
      to: "/tokens?state=unused",
    });
  const inactive = spokes.filter(({ status }) => status === "inactive").length;
  if (inactive)
    concerns.push({ id: "inactive", kind: "warn", text: t.overview.inactive(inactive), to: "/spokes?status=inactive" });
  for (const cluster of clusters)
    if (cluster.status === "degraded" || cluster.status === "critical")
      concerns.push({
        id: `cluster-${cluster.id}`,
        kind: cluster.status === "critical" ? "bad" : "warn",
        text: t.overview.clusterBad(cluster.clusterName, t.clusterStatus[cluster.status]),
        to: `/clusters/${cluster.id}`,
      });
  if (hub && heldOf(spokes, tokens) >= POOL_FULL * poolOf(hub))
    concerns.push({ id: "pool", kind: "warn", text: t.overview.poolNearlyFull, to: "/hub" });
  happenings.forEach((each) => {
    if (each.type === "reconcile")
      concerns.push({
        id: `reconcile-${each.id}`,
        kind: "info",
        text: t.overview.corrected(each.reconcile.added + each.reconcile.removed + each.reconcile.corrected),
        to: "/audit",
        at: each.at,
      });
  });
  const rank = { bad: 0, warn: 1, info: 2 };
  return concerns.sort((a, b) => rank[a.kind] - rank[b.kind]);
}
