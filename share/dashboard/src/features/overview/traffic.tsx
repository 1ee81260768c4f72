// What all spokes send and receive: now, since the hub's start, and over the last hour or day.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { liveQuery, trafficQuery } from "@/api/queries";
import { formatBytes } from "@/i18n/format";
import { useLanguage } from "@/i18n/texts";
import { Button } from "@/ui/button";
import { Fault } from "@/ui/notice";
import { useNow } from "@/ui/time";
import { type Rate, rateNow, ratesOf } from "./rates";

const SPANS = { hour: 3600, day: 86_400 } as const;
type Span = keyof typeof SPANS;

export default function Traffic() {
  const { t, language } = useLanguage();
  const now = useNow() / 1000;
  const kept = useQuery({ ...trafficQuery, staleTime: 0 });
  const { data: live = [] } = useQuery({ ...liveQuery, enabled: false });
  const [span, setSpan] = useState<Span>("hour");
  const since = Math.floor(now / 60) * 60 - SPANS[span];
  const points = useMemo(() => ratesOf(kept.data?.points ?? [], live, since), [kept.data, live, since]);
  const rate = rateNow(live, now);
  const last = live.at(-1);
  const totals = {
    received: last?.received ?? kept.data?.receivedBytes ?? 0,
    sent: last?.sent ?? kept.data?.sentBytes ?? 0,
  };
  return (
    <div className="space-y-3">
      <dl className="grid grid-cols-2 gap-3">
        {(["received", "sent"] as const).map((way) => (
          <div key={way}>
            <dt className="flex items-center gap-2 text-muted text-sm">
              <span
                className={`inline-block w-5 border-t-2 ${way === "received" ? "border-(--accent)" : "border-(--warn) border-dashed"}`}
                aria-hidden
              />
              {t.overview[way]}
            </dt>
            <dd className="font-semibold text-lg tabular-nums">
              {rate ? `${formatBytes(rate[way], language)}/s` : "–"}
            </dd>
            <dd className="text-muted text-sm tabular-nums">
              {t.overview.trafficTotal(formatBytes(totals[way], language))}
            </dd>
          </div>
        ))}
      </dl>
      <Chart points={points} from={since} to={now} />
      <fieldset className="flex gap-2">
        <legend className="sr-only">{t.overview.span}</legend>
        {(Object.keys(SPANS) as Span[]).map((each) => (
          <Button key={each} aria-pressed={span === each} onClick={() => setSpan(each)}>
            {t.overview.spans[each]}
          </Button>
        ))}
      </fieldset>
      <Fault fault={kept.error} />
    </div>
  );
}

function Chart({ points, from, to }: { points: Rate[]; from: number; to: number }) {
  const { t, language } = useLanguage();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const draw = useRef<() => void>(() => {});
  draw.current = () => {
    const columns = [
      points.map((each) => each.at),
      points.map((each) => each.received),
      points.map((each) => each.sent),
    ];
    plot.current?.setData(columns as [number[], number[], number[]], false);
    plot.current?.setScale("x", { min: from, max: to });
  };
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);
    const make = () => {
      plot.current?.destroy();
      const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
      const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
      plot.current = new uPlot(
        {
          width: element.clientWidth,
          height: 160,
          legend: { show: false },
          cursor: { show: false },
          axes: [
            { ...axis, space: 76, values: (_, ticks) => ticks.map((each) => clock.format(each * 1000)) },
            { ...axis, size: 64, values: (_, ticks) => ticks.map((each) => formatBytes(each, language)) },
          ],
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
      draw.current();
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
  useEffect(() => draw.current());
  return <div ref={box} dir="ltr" className="h-40 overflow-hidden" aria-hidden="true" />;
}
