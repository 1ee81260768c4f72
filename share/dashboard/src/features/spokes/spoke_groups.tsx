// Spokes by their system, and Proxmox hosts by their cluster: the hierarchical views.
import { useQuery } from "@tanstack/react-query";
import { Boxes, Server } from "lucide-react";
import { Link } from "react-router";
import { clustersQuery } from "@/api/queries";
import type { Platform, Spoke } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { ClusterBadge, SpokeBadge } from "@/ui/badge";
import { Empty } from "@/ui/notice";
import { Ago } from "@/ui/time";

const SHOWN = 200; // of a group; the list of all has the rest

type Way = { to: string; text: string };

function Lines({ spokes, link }: { spokes: Spoke[]; link?: Way | undefined }) {
  const inCluster = Boolean(link); // there a node goes by its own name
  return (
    <ul className="divide-y divide-line border-line border-t">
      {link && (
        <li className="px-4 py-2 text-sm">
          <Link to={link.to} className="inline-block py-0.5 underline">
            {link.text}
          </Link>
        </li>
      )}
      {spokes.slice(0, SHOWN).map((spoke) => (
        <li
          key={spoke.id}
          className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm md:grid md:grid-cols-[1rem_16rem_9rem_7rem_1fr] md:justify-items-start"
        >
          <Server size={16} className="text-muted" aria-hidden />
          <Link to={`/spokes/${spoke.id}`} className="min-w-32 max-w-64 truncate font-medium hover:underline">
            <bdi>{(inCluster && spoke.proxmoxNodeName) || spoke.name}</bdi>
          </Link>
          <span className="font-mono text-muted">{spoke.allowedIPs[0]?.split("/")[0]}</span>
          <SpokeBadge status={spoke.status} />
          <span className="text-muted">
            <Ago at={spoke.lastHandshake} />
          </span>
        </li>
      ))}
      {spokes.length > SHOWN && <li className="px-4 py-2 text-muted text-sm">+ {spokes.length - SHOWN}</li>}
    </ul>
  );
}

function Group({
  title,
  extra,
  spokes,
  open,
  link,
}: {
  link?: Way;
  title: React.ReactNode;
  extra?: React.ReactNode;
  spokes: Spoke[];
  open: boolean;
}) {
  return (
    <details open={open} className="rounded-xl border border-line bg-panel">
      <summary className="px-4 py-3">
        <span className="inline-flex max-w-[calc(100%-1.25rem)] flex-wrap items-center gap-x-3 gap-y-1 ps-1 align-top">
          {title}
          {extra}
        </span>
      </summary>
      <Lines spokes={spokes} link={link} />
    </details>
  );
}

export function ByType({ spokes }: { spokes: Spoke[] }) {
  const t = useTexts();
  const kinds: Platform[] = ["linux", "macos", "windows", "proxmox"];
  return (
    <div className="space-y-3">
      {kinds.map((kind) => {
        const these = spokes.filter((spoke) => (spoke.isProxmox ? "proxmox" : spoke.os) === kind);
        return (
          these.length > 0 && (
            <Group
              key={kind}
              open
              title={<span className="font-semibold">{t.platform[kind]}</span>}
              extra={<span className="text-muted text-sm">{t.spokes.count(these.length, these.length)}</span>}
              spokes={these}
            />
          )
        );
      })}
    </div>
  );
}

export function ByCluster({ spokes }: { spokes: Spoke[] }) {
  const t = useTexts();
  const clusters = useQuery(clustersQuery).data ?? [];
  const standalone = spokes.filter((spoke) => spoke.isProxmox && !spoke.proxmoxClusterId);
  if (clusters.length === 0 && standalone.length === 0)
    return <Empty title={t.clusters.empty} hint={t.clusters.emptyHint} />;
  return (
    <div className="space-y-3">
      {clusters.map((cluster) => {
        const nodes = spokes.filter((spoke) => spoke.proxmoxClusterId === cluster.id);
        return (
          <Group
            key={cluster.id}
            open
            spokes={nodes}
            link={{ to: `/clusters/${cluster.id}`, text: t.clusters.open }}
            title={
              <span className="inline-flex items-center gap-2 font-semibold">
                <Boxes size={18} aria-hidden />
                <bdi>{cluster.clusterName}</bdi>
              </span>
            }
            extra={
              <>
                <span className="text-muted text-sm">{t.spokes.nodes(cluster.nodeCount)}</span>
                <ClusterBadge status={cluster.status} />
              </>
            }
          />
        );
      })}
      {standalone.length > 0 && (
        <Group open title={<span className="font-semibold">{t.spokes.standalone}</span>} spokes={standalone} />
      )}
    </div>
  );
}
