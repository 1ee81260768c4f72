// What all spokes send and receive, in the time that this page is open: counters of the interface, asked for every few seconds.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { peersQuery } from "@/api/queries";
import type { Peer } from "@/api/types";
import { formatBytes } from "@/i18n/format";
import { useLanguage } from "@/i18n/texts";
import { Fault } from "@/ui/notice";

const ASK_MS = 10_000;
const KEPT = 360; // an hour
type Point = { at: number; rx: number; tx: number };
type Counters = { at: number; of: Map<string, Peer> };

/** Bytes a second between two looks; a peer that came or began anew counts from then on. */
export function rateBetween(before: Counters, after: Counters): Point {
  const seconds = Math.max(1, (after.at - before.at) / 1000);
  let rx = 0;
  let tx = 0;
  for (const [key, peer] of after.of) {
    const old = before.of.get(key);
    if (!old) continue;
    rx += Math.max(0, peer.transferRx - old.transferRx);
    tx += Math.max(0, peer.transferTx - old.transferTx);
  }
  return { at: after.at / 1000, rx: rx / seconds, tx: tx / seconds };
}

export default function Traffic() {
  const { t, language } = useLanguage();
  const peers = useQuery({ ...peersQuery, refetchInterval: ASK_MS });
  const [points, setPoints] = useState<Point[]>([]);
  const last = useRef<Counters | null>(null);
  useEffect(() => {
    if (!peers.data) return;
    const now = { at: peers.dataUpdatedAt, of: new Map(peers.data.map((peer) => [peer.publicKey, peer])) };
    const before = last.current;
    last.current = now;
    if (before && now.at > before.at) setPoints((all) => [...all.slice(1 - KEPT), rateBetween(before, now)]);
  }, [peers.data, peers.dataUpdatedAt]);
  const total = (which: "transferRx" | "transferTx") =>
    formatBytes(peers.data?.reduce((sum, peer) => sum + peer[which], 0) ?? 0, language);
  const now = points.at(-1);
  return (
    <div className="space-y-3">
      <dl className="grid grid-cols-2 gap-3">
        {(["rx", "tx"] as const).map((way) => (
          <div key={way}>
            <dt className="text-muted text-sm">{way === "rx" ? t.overview.received : t.overview.sent}</dt>
            <dd className="font-semibold text-lg tabular-nums">
              {formatBytes(now?.[way] ?? 0, language)}/s{" "}
              <span className="font-normal text-muted text-sm">
                Σ {total(way === "rx" ? "transferRx" : "transferTx")}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      <Chart points={points} />
      <p className="text-muted text-sm">{t.overview.trafficHint}</p>
      <Fault fault={peers.error} />
    </div>
  );
}

function Chart({ points }: { points: Point[] }) {
  const { t, language } = useLanguage();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);
    const make = () => {
      plot.current?.destroy();
      const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
      plot.current = new uPlot(
        {
          width: element.clientWidth,
          height: 160,
          legend: { show: false },
          cursor: { show: false },
          axes: [axis, { ...axis, size: 64, values: (_, ticks) => ticks.map((each) => formatBytes(each, language)) }],
          scales: { y: { range: (_, __, max) => [0, Math.max(1000, max * 1.1)] } },
          series: [
            {},
            { label: t.overview.received, stroke: colour("--accent"), width: 2 },
            { label: t.overview.sent, stroke: colour("--warn"), width: 2, dash: [6, 4] },
          ],
        },
        [[], [], []],
        element,
      );
    };
    make();
    const size = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: 160 }));
    size.observe(element);
    const theme = new MutationObserver(make);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      size.disconnect();
      theme.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [t, language]);
  useEffect(() => {
    plot.current?.setData([points.map(({ at }) => at), points.map(({ rx }) => rx), points.map(({ tx }) => tx)]);
  }, [points]);
  return <div ref={box} dir="ltr" className="h-40 overflow-hidden" aria-hidden="true" />;
}
