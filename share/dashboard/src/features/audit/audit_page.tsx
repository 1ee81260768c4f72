// The audit trail: filters, page by page, export.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { OutcomeBadge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Field, SelectField } from "@/ui/field";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Page } from "@/ui/panel";
import { Table } from "@/ui/table";
import { Ago } from "@/ui/time";

const PAGE = 50;
type Wish = { actor: string; action: string; target: string; outcome: string; from: string; to: string };
const NOTHING: Wish = { actor: "", action: "", target: "", outcome: "", from: "", to: "" };

/** The filters as the API takes them; a day is meant from its first second to its last. */
export function toQuery(wish: Wish): Record<string, string> {
  const whole = { ...wish, from: wish.from && `${wish.from}T00:00:00Z`, to: wish.to && `${wish.to}T23:59:59Z` };
  return Object.fromEntries(
    Object.entries(whole).flatMap(([name, value]) => (value.trim() ? [[name, value.trim()]] : [])),
  );
}

export function AuditPage() {
  const t = useTexts();
  const [wish, setWish] = useState(NOTHING);
  const [asked, setAsked] = useState(NOTHING);
  const query = toQuery(asked);
  const trail = useInfiniteQuery({
    queryKey: ["audit", query],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/audit", {
          params: { query: { ...query, limit: PAGE, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page?.nextCursor ?? undefined,
    staleTime: 0,
  });
  const events = trail.data?.pages.flatMap((page) => page?.events ?? []) ?? [];
  const field = (name: keyof Wish) => ({
    value: wish[name],
    onChange: (event: { target: { value: string } }) => setWish({ ...wish, [name]: event.target.value }),
  });
  return (
    <Page
      title={t.audit.title}
      intro={t.audit.intro}
      actions={
        <a
          className="inline-flex min-h-9 items-center rounded-lg border border-edge bg-panel px-3 font-medium text-sm hover:bg-raised"
          download="audit.jsonl"
          title={t.audit.exportHint}
          href={`/api/audit/export?${new URLSearchParams(query)}`}
        >
          {t.action.export}
        </a>
      }
    >
      <form
        className="grid grid-cols-2 items-end gap-3 md:grid-cols-4 lg:grid-cols-7"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(wish);
        }}
      >
        <Field label={t.audit.actor} {...field("actor")} />
        <Field label={t.audit.action} placeholder="spoke.removed" {...field("action")} />
        <Field label={t.audit.target} {...field("target")} />
        <SelectField
          label={t.audit.outcome}
          {...field("outcome")}
          options={[
            ["", t.spokes.any],
            ["success", t.audit.success],
            ["denied", t.audit.denied],
          ]}
        />
        <Field label={t.audit.from} type="date" {...field("from")} />
        <Field label={t.audit.to} type="date" {...field("to")} />
        <Button type="submit" look="primary" busy={trail.isFetching}>
          {t.audit.show}
        </Button>
      </form>
      <Fault fault={trail.error} />
      {trail.isPending && <Loading />}
      {trail.data && events.length === 0 && <Empty title={t.audit.empty} hint={t.spokes.noneHint} />}
      {events.length > 0 && (
        <Table
          label={t.audit.title}
          rows={events}
          rowKey={({ id }) => id}
          columns={[
            { head: t.audit.at, cell: ({ at }) => <Ago at={at} /> },
            {
              head: t.audit.actor,
              cell: ({ actor }) => (
                <bdi className="block max-w-40 truncate max-sm:max-w-20" title={actor}>
                  {actor}
                </bdi>
              ),
            },
            { head: t.audit.action, cell: ({ action }) => <span className="font-mono">{action}</span> },
            { head: t.audit.outcome, cell: ({ outcome }) => <OutcomeBadge outcome={outcome} /> },
            {
              head: t.audit.source,
              wide: true,
              cell: ({ sourceAddress }) => <span className="font-mono">{sourceAddress}</span>,
            },
            {
              head: t.audit.details,
              wide: true,
              cell: ({ target, details }) => (
                <details>
                  <summary className="max-w-56 truncate">
                    <bdi>{String((details as { name?: unknown }).name ?? target)}</bdi>
                  </summary>
                  <pre className="max-w-80 whitespace-pre-wrap break-all pt-1 font-mono text-xs">
                    {JSON.stringify({ target, ...details }, null, 1)}
                  </pre>
                </details>
              ),
            },
          ]}
        />
      )}
      {trail.hasNextPage && (
        <div className="text-center">
          <Button busy={trail.isFetchingNextPage} onClick={() => trail.fetchNextPage()}>
            {t.action.more}
          </Button>
        </div>
      )}
    </Page>
  );
}
