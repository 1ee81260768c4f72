import { useQuery } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { Fault, Loading } from "@/ui/notice";
import { Ago } from "@/ui/time";

const SHOWN = 20;

/** What the audit trail has of a spoke. */
export function History({ target }: { target: string }) {
  const t = useTexts();
  const trail = useQuery({
    queryKey: ["audit", { target }],
    queryFn: () => body(api.GET("/api/audit", { params: { query: { target, limit: SHOWN } } })),
    staleTime: 0,
  });
  if (!trail.data) return trail.error ? <Fault fault={trail.error} /> : <Loading />;
  if (trail.data.events.length === 0) return <p className="text-muted">{t.spoke.noHistory}</p>;
  return (
    <ul className="space-y-2 text-sm">
      {trail.data.events.map((event) => (
        <li key={event.id} className="flex flex-wrap justify-between gap-x-4">
          <span>
            <span className="font-mono">{event.action}</span> <bdi className="text-muted">{event.actor}</bdi>
          </span>
          <span className="text-muted">
            <Ago at={event.at} />
          </span>
        </li>
      ))}
    </ul>
  );
}
