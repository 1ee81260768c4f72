// All spokes: search, filter, order, columns, selection; by type and by cluster.
import { useQuery } from "@tanstack/react-query";
import { Columns3, Plus, Search } from "lucide-react";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { spokesQuery } from "@/api/queries";
import type { IssuedToken, Platform, SpokeStatus } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { IssuedTable } from "@/parts/issued_table";
import { useMay } from "@/shell/session";
import { Button, LinkButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Page } from "@/ui/panel";
import { Tabs } from "@/ui/tabs";
import { pick, type SortKey } from "./filter";
import { ReissueMany } from "./reissue_many";
import { RemoveMany } from "./remove_many";
import { ByCluster, ByType } from "./spoke_groups";
import { COLUMNS, type ColumnName, SpokeTable } from "./spoke_table";

const COLUMNS_KEY = "wghub.columns";
const FIRST_COLUMNS: ColumnName[] = ["status", "name", "address", "os", "handshake"];
type View = "all" | "type" | "cluster";

function keptColumns(): Set<ColumnName> {
  const kept = localStorage.getItem(COLUMNS_KEY)?.split(",") ?? FIRST_COLUMNS;
  return new Set([...COLUMNS.filter((each) => kept.includes(each)), "name" as const]);
}

export function SpokesPage() {
  const t = useTexts();
  const operator = useMay("operator");
  const spokes = useQuery(spokesQuery);
  const [address, setAddress] = useSearchParams();
  const [text, setText] = useState("");
  const [sort, setSort] = useState<{ key: SortKey; descending: boolean }>({ key: "name", descending: false });
  const [columns, setColumns] = useState(keptColumns);
  const [choosing, setChoosing] = useState(false);
  const [asking, setAsking] = useState<"remove" | "reissue" | null>(null);
  const [issued, setIssued] = useState<IssuedToken[] | null>(null);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const view = (address.get("view") ?? "all") as View;
  const status = (address.get("status") ?? "") as SpokeStatus | "";
  const os = (address.get("os") ?? "") as Platform | "";
  const put = (name: string, value: string) =>
    setAddress(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const wanted = useDeferredValue(text);
  const shown = useMemo(
    () => pick(spokes.data ?? [], { text: wanted, status, os, sort: sort.key, descending: sort.descending }),
    [spokes.data, wanted, status, os, sort],
  );
  const chosen = useMemo(() => shown.filter((spoke) => selected.has(spoke.id)), [shown, selected]);
  const toggle = useCallback(
    (id: string) =>
      setSelected((before) => {
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const selection = operator
    ? {
        has: (id: string) => selected.has(id),
        toggle,
        all: shown.length > 0 && chosen.length === shown.length,
        toggleAll: () => setSelected(chosen.length === shown.length ? new Set() : new Set(shown.map(({ id }) => id))),
      }
    : null;
  const all = spokes.data?.length ?? 0;
  return (
    <Page
      title={t.spokes.title}
      actions={
        operator && (
          <LinkButton to="/add" look="primary">
            <Plus size={16} aria-hidden />
            {t.spokes.add}
          </LinkButton>
        )
      }
    >
      {spokes.isPending && <Loading />}
      <Fault fault={spokes.error} retry={() => spokes.refetch()} />
      {spokes.data && all === 0 && (
        <Empty title={t.overview.empty} hint={t.overview.emptyHint}>
          {operator && (
            <LinkButton to="/add" look="primary">
              {t.overview.addFirst}
            </LinkButton>
          )}
        </Empty>
      )}
      {issued && (
        <>
          <IssuedTable tokens={issued} />
          <Button onClick={() => setIssued(null)}>{t.action.close}</Button>
        </>
      )}
      {all > 0 && (
        <>
          <div className="flex flex-wrap items-end gap-3">
            <div className="relative min-w-56 grow">
              <Search size={16} className="pointer-events-none absolute start-3 top-2.5 text-muted" aria-hidden />
              <input
                type="search"
                data-search
                // biome-ignore lint/a11y/noAutofocus: the shortcut for searching led here
                autoFocus={address.has("search")}
                aria-label={t.spokes.searchLabel}
                placeholder={t.spokes.search}
                className="min-h-9 w-full rounded-lg border border-edge bg-panel ps-9 pe-3 placeholder:text-muted"
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            </div>
            <SelectField
              label={t.spokes.filterStatus}
              hideLabel
              value={status}
              onChange={(event) => put("status", event.target.value)}
              options={[
                ["", `${t.spokes.filterStatus}: ${t.spokes.any}`],
                ["active", t.status.active],
                ["pending", t.status.pending],
                ["inactive", t.status.inactive],
              ]}
            />
            <SelectField
              label={t.spokes.filterOs}
              hideLabel
              value={os}
              onChange={(event) => put("os", event.target.value)}
              options={[
                ["", `${t.spokes.filterOs}: ${t.spokes.any}`],
                ...(Object.entries(t.platform) as [string, string][]),
              ]}
            />
            <Button onClick={() => setChoosing(true)}>
              <Columns3 size={16} aria-hidden />
              {t.spokes.columns}
            </Button>
          </div>
          <Tabs
            label={t.spokes.view}
            value={view}
            onChange={(next) => put("view", next === "all" ? "" : next)}
            tabs={[
              ["all", t.spokes.all],
              ["type", t.spokes.byType],
              ["cluster", t.spokes.byCluster],
            ]}
          >
            <div className="space-y-3">
              <div className="flex min-h-9 flex-wrap items-center justify-between gap-2">
                <p className="text-muted text-sm" role="status">
                  {chosen.length > 0 ? t.spokes.selected(chosen.length) : t.spokes.count(shown.length, all)}
                </p>
                {chosen.length > 0 && (
                  <span className="flex gap-2">
                    <Button onClick={() => setAsking("reissue")}>{t.spokes.newCommands}</Button>
                    <Button look="danger" onClick={() => setAsking("remove")}>
                      {t.action.remove}
                    </Button>
                  </span>
                )}
              </div>
              {shown.length === 0 && (
                <Empty title={t.spokes.none} hint={t.spokes.noneHint}>
                  <Button
                    onClick={() => {
                      setText("");
                      setAddress({}, { replace: true });
                    }}
                  >
                    {t.spokes.clear}
                  </Button>
                </Empty>
              )}
              {shown.length > 0 && view === "all" && (
                <SpokeTable
                  spokes={shown}
                  columns={columns}
                  sort={sort.key}
                  descending={sort.descending}
                  selection={selection}
                  onSort={(key) => setSort({ key, descending: sort.key === key && !sort.descending })}
                />
              )}
              {shown.length > 0 && view === "type" && <ByType spokes={shown} />}
              {shown.length > 0 && view === "cluster" && <ByCluster spokes={shown} />}
            </div>
          </Tabs>
        </>
      )}
      {choosing && (
        <Dialog title={t.spokes.columns} onClose={() => setChoosing(false)}>
          {COLUMNS.map((column) => (
            <label key={column} className="flex items-center gap-2.5">
              <input
                type="checkbox"
                className="size-4 accent-(--accent)"
                checked={columns.has(column)}
                disabled={column === "name"}
                onChange={() => {
                  const next = new Set(columns);
                  if (!next.delete(column)) next.add(column);
                  localStorage.setItem(COLUMNS_KEY, [...next].join(","));
                  setColumns(next);
                }}
              />
              {t.spokes[column]}
            </label>
          ))}
        </Dialog>
      )}
      {asking === "remove" && (
        <RemoveMany
          spokes={chosen}
          onClose={() => {
            setAsking(null);
            setSelected(new Set());
          }}
        />
      )}
      {asking === "reissue" && (
        <ReissueMany
          spokes={chosen}
          onClose={() => setAsking(null)}
          onIssued={(tokens) => {
            setIssued(tokens);
            setAsking(null);
            setSelected(new Set());
          }}
        />
      )}
    </Page>
  );
}
