// What an admin looks at every day: is the hub well, who is connected, what needs him.
import { useQuery } from "@tanstack/react-query";
import { AlertTriangle, CheckCircle2, Info, Plus, XCircle } from "lucide-react";
import { Suspense } from "react";
import { Link } from "react-router";
import { useStream } from "@/api/events";
import { alertTargetsQuery, clustersQuery, hubQuery, spokesQuery, tokensQuery, trafficQuery } from "@/api/queries";
import type { SpokeStatus } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { lazily } from "@/shell/lazily";
import { useMay } from "@/shell/session";
import { SpokeBadge } from "@/ui/badge";
import { LinkButton } from "@/ui/button";
import { CopyButton } from "@/ui/copy";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Facts, Page, Panel } from "@/ui/panel";
import { Ago, useNow } from "@/ui/time";
import { type Concern, concernsOf, heldOf, poolOf } from "./attention";

const Traffic = lazily(() => import("./traffic"));
const CONCERNS = 12;
const LATEST = 5;
const KINDS = { bad: [XCircle, "text-bad"], warn: [AlertTriangle, "text-warn"], info: [Info, "text-muted"] } as const;

export function OverviewPage() {
  const t = useTexts();
  const operator = useMay("operator");
  const hub = useQuery(hubQuery);
  const spokes = useQuery(spokesQuery);
  const tokens = useQuery(tokensQuery);
  const clusters = useQuery(clustersQuery);
  const since = useQuery(trafficQuery).data?.since;
  if (!hub.data || !spokes.data || !tokens.data || !clusters.data) {
    const fault = hub.error ?? spokes.error ?? tokens.error ?? clusters.error;
    return (
      <Page title={t.overview.title}>
        {fault ? <Fault fault={fault} /> : hub.data === null ? <Empty title={t.overview.empty} /> : <Loading />}
      </Page>
    );
  }
  const pool = poolOf(hub.data);
  const held = heldOf(spokes.data, tokens.data);
  const latest = [...spokes.data].sort((a, b) => b.registeredAt.localeCompare(a.registeredAt)).slice(0, LATEST);
  return (
    <Page
      title={t.overview.title}
      actions={
        operator && (
          <LinkButton to="/add" look="primary">
            <Plus size={16} aria-hidden />
            {t.spokes.add}
          </LinkButton>
        )
      }
    >
      <div className="grid grid-cols-3 gap-2 sm:gap-3">
        {(["active", "pending", "inactive"] as SpokeStatus[]).map((status) => (
          <Link
            key={status}
            to={`/spokes?status=${status}`}
            className="rounded-xl border border-line bg-panel p-2 hover:border-edge sm:p-4"
          >
            <span className="block font-semibold text-2xl tabular-nums sm:text-3xl">
              {spokes.data.filter((spoke) => spoke.status === status).length}
            </span>
            <SpokeBadge status={status} />
          </Link>
        ))}
      </div>
      {spokes.data.length === 0 && (
        <Empty title={t.overview.empty} hint={t.overview.emptyHint}>
          {operator && (
            <LinkButton to="/add" look="primary">
              {t.overview.addFirst}
            </LinkButton>
          )}
        </Empty>
      )}
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Attention />
        <Panel title={t.overview.traffic}>
          <Suspense fallback={<div className="h-64" />}>
            <Traffic />
          </Suspense>
        </Panel>
        <Panel title={t.overview.hub}>
          <Facts
            facts={[
              [
                t.overview.endpoint,
                <span key="e" className="break-all font-mono">
                  {hub.data.endpoint}
                </span>,
              ],
              [
                t.overview.interface,
                <span key="i" className="font-mono">
                  wg0, UDP {hub.data.listenPort}
                </span>,
              ],
              [t.overview.since, <Ago key="s" at={since} />],
              [
                t.overview.network,
                <span key="n" className="font-mono">
                  {hub.data.networkCIDR}
                </span>,
              ],
              [
                t.overview.pool,
                <span key="p" className="flex flex-wrap items-center gap-3">
                  {t.overview.poolOf(held, pool)}
                  <meter
                    className="h-2.5 w-28"
                    min={0}
                    max={pool}
                    high={0.9 * pool}
                    value={held}
                    aria-label={t.overview.pool}
                  />
                </span>,
              ],
              [
                t.overview.publicKey,
                <span key="k" className="flex flex-wrap items-center gap-2">
                  <span className="min-w-0 break-all font-mono text-sm">{hub.data.publicKey}</span>
                  <CopyButton text={hub.data.publicKey} />
                </span>,
              ],
            ]}
          />
        </Panel>
        {latest.length > 0 && (
          <Panel title={t.overview.latest}>
            <ul className="space-y-2">
              {latest.map((spoke) => (
                <li key={spoke.id} className="flex flex-wrap items-center justify-between gap-2">
                  <Link to={`/spokes/${spoke.id}`} className="min-w-0 truncate font-medium hover:underline">
                    <bdi>{spoke.name}</bdi>
                  </Link>
                  <span className="flex items-center gap-3 text-muted text-sm">
                    <Ago at={spoke.registeredAt} />
                    <SpokeBadge status={spoke.status} />
                  </span>
                </li>
              ))}
            </ul>
          </Panel>
        )}
      </div>
    </Page>
  );
}

function Attention() {
  const t = useTexts();
  const now = useNow();
  const { happenings } = useStream();
  const hub = useQuery(hubQuery).data ?? null;
  const spokes = useQuery(spokesQuery).data ?? [];
  const tokens = useQuery(tokensQuery).data ?? [];
  const clusters = useQuery(clustersQuery).data ?? [];
  const { targets } = useQuery({ ...alertTargetsQuery, enabled: useMay("admin"), staleTime: 0 }).data ?? {};
  const concerns = concernsOf({ hub, spokes, tokens, clusters, happenings, targets }, now, t);
  return (
    <Panel title={t.overview.attention}>
      {concerns.length === 0 ? (
        <p className="flex items-center gap-2 text-muted">
          <CheckCircle2 size={18} className="text-good" aria-hidden />
          {t.overview.nothing}
        </p>
      ) : (
        <ul className="space-y-2">
          {concerns.slice(0, CONCERNS).map((concern) => (
            <Line key={concern.id} concern={concern} />
          ))}
          {concerns.length > CONCERNS && <li className="text-muted text-sm">+ {concerns.length - CONCERNS}</li>}
        </ul>
      )}
    </Panel>
  );
}

function Line({ concern }: { concern: Concern }) {
  const [Icon, colour] = KINDS[concern.kind];
  return (
    <li className="flex gap-2">
      <Icon size={18} className={`mt-0.5 shrink-0 ${colour}`} aria-hidden />
      <Link to={concern.to} className="min-w-0 grow break-words hover:underline">
        {concern.text}
      </Link>
      {concern.at && (
        <span className="shrink-0 text-muted text-sm">
          <Ago at={concern.at} />
        </span>
      )}
    </li>
  );
}
