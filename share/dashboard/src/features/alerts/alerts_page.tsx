// What was worth an alert in the last days and, for admins, who is told.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, body } from "@/api/client";
import type { Alert } from "@/api/types";
import { useLanguage, useTexts } from "@/i18n/texts";
import { useMay, useSelf } from "@/shell/session";
import { AlertBadge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Page } from "@/ui/panel";
import { Ago } from "@/ui/time";
import { pageOf, sentenceOf } from "./sentence";
import { Targets } from "./targets";

const PAGE = 50;

export function AlertsPage() {
  const t = useTexts();
  const admin = useMay("admin");
  return (
    <Page title={t.alerts.title} intro={t.alerts.intro}>
      {admin && <Targets />}
      <History />
    </Page>
  );
}

function History() {
  const t = useTexts();
  const admin = useMay("admin");
  const history = useInfiniteQuery({
    queryKey: ["alerts"],
    queryFn: ({ pageParam }) =>
      body(api.GET("/api/alerts", { params: { query: { limit: PAGE, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page?.nextCursor ?? undefined,
    staleTime: 0,
  });
  const alerts = history.data?.pages.flatMap((page) => page?.alerts ?? []) ?? [];
  return (
    <section className="space-y-3" aria-label={t.alerts.history}>
      <h2>{t.alerts.history}</h2>
      <Fault fault={history.error} retry={() => history.refetch()} />
      {history.isPending && <Loading />}
      {history.data && alerts.length === 0 && (
        <Empty title={t.alerts.none} hint={admin ? t.alerts.noneAdminHint : t.alerts.noneHint} />
      )}
      {alerts.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
          {alerts.map((alert) => (
            <Line key={alert.id} alert={alert} />
          ))}
        </ul>
      )}
      {history.hasNextPage && (
        <div className="text-center">
          <Button busy={history.isFetchingNextPage} onClick={() => history.fetchNextPage()}>
            {t.action.more}
          </Button>
        </div>
      )}
    </section>
  );
}

function Line({ alert }: { alert: Alert }) {
  const { t, language } = useLanguage();
  const { role } = useSelf();
  const text = sentenceOf(alert, t, language);
  const to = pageOf(alert, role);
  return (
    <li className="grid grid-cols-[1fr_max-content] items-center gap-x-4 gap-y-1 px-4 py-2.5 md:grid-cols-[11rem_1fr_max-content]">
      <span>
        <AlertBadge kind={alert.kind} />
      </span>
      <span className="min-w-0 break-words max-md:order-last max-md:col-span-2">
        {to ? (
          <Link to={to} className="hover:underline">
            {text}
          </Link>
        ) : (
          text
        )}
      </span>
      <span className="text-end text-muted text-sm">
        <Ago at={alert.at} />
      </span>
    </li>
  );
}
