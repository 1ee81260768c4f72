// What is read of the hub, each under one key, so that the stream of events can keep it true (events.ts). Lists are read whole, page by
// page: filters and orders are the browser's.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, api, body } from "./client";
import type { Cluster, Spoke, Token } from "./types";

export type LiveSample = { at: number; received: number; sent: number };

const PAGE = 1000;
const PAGES = 100; // more than any hub has

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Number.POSITIVE_INFINITY, // events tell what changed
        refetchOnWindowFocus: false,
        retry: (count, fault) => count < 3 && fault instanceof ApiError && (fault.status === 0 || fault.status === 503),
        retryDelay: (count) => Math.min(1000 * 2 ** count, 10_000),
      },
    },
  });
}

type Page = { nextCursor: string | null };
async function allPages<P extends Page, T>(
  read: (cursor?: string) => Promise<P>,
  items: (page: P) => T[],
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < PAGES; count += 1) {
    const page = await read(cursor);
    all.push(...items(page));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return all;
}

export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: () => body(api.GET("/api/setup")),
});
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => body(api.GET("/api/auth/me")),
});
/** null: the hub has no network yet. */
export const hubQuery = queryOptions({
  queryKey: ["hub"],
  queryFn: async () => {
    try {
      return await body(api.GET("/api/hub/config"));
    } catch (fault) {
      if (fault instanceof ApiError && fault.code === "HUB_NOT_INITIALIZED") return null;
      throw fault;
    }
  },
});
export const spokesQuery = queryOptions({
  queryKey: ["spokes"],
  queryFn: (): Promise<Spoke[]> =>
    allPages(
      (cursor) => body(api.GET("/api/spoke/list", { params: { query: { limit: PAGE, cursor } } })),
      (page) => page.spokes,
    ),
});
export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: (): Promise<Token[]> =>
    allPages(
      (cursor) => body(api.GET("/api/installation/tokens", { params: { query: { limit: PAGE, cursor } } })),
      (page) => page.tokens,
    ),
});
export const clustersQuery = queryOptions({
  queryKey: ["clusters"],
  queryFn: (): Promise<Cluster[]> =>
    allPages(
      (cursor) => body(api.GET("/api/proxmox/clusters", { params: { query: { limit: PAGE, cursor } } })),
      (page) => page.clusters,
    ),
});
export const clusterQuery = (id: string) =>
  queryOptions({
    queryKey: ["cluster", id],
    queryFn: () => body(api.GET("/api/proxmox/clusters/{id}", { params: { path: { id } } })),
  });
export const spokeQuery = (id: string) =>
  queryOptions({
    queryKey: ["spoke", id],
    queryFn: () => body(api.GET("/api/spoke/{id}/status", { params: { path: { id } } })),
  });
export const tokenQuery = (id: string) =>
  queryOptions({
    queryKey: ["token", id],
    queryFn: () => body(api.GET("/api/installation/token/{id}", { params: { path: { id } } })),
  });
/** The last day; what came since is in liveQuery. */
export const trafficQuery = queryOptions({
  queryKey: ["traffic"],
  queryFn: () => body(api.GET("/api/hub/traffic")),
});
/** Counters that the stream told since the page was opened, newest last. Never asked for. */
export const liveQuery = queryOptions({
  queryKey: ["live"],
  queryFn: (): LiveSample[] => [],
});
export const alertTargetsQuery = queryOptions({
  queryKey: ["alert-targets"],
  queryFn: () => body(api.GET("/api/alerts/targets")),
});
export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: async () => (await body(api.GET("/api/users"))).users,
});
export const apiTokensQuery = queryOptions({
  queryKey: ["api-tokens"],
  queryFn: async () => (await body(api.GET("/api/api-tokens"))).apiTokens,
});
export const userSessionsQuery = (id: string) =>
  queryOptions({
    queryKey: ["user-sessions", id],
    queryFn: async () => (await body(api.GET("/api/users/{id}/sessions", { params: { path: { id } } }))).sessions,
  });
export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async () => (await body(api.GET("/api/auth/sessions"))).sessions,
});
