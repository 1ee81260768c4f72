// Thousands of spokes as a table of which only the rows in view are drawn.
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { memo, useRef } from "react";
import { Link } from "react-router";
import type { Spoke } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { SpokeBadge } from "@/ui/badge";
import { Ago } from "@/ui/time";
import type { SortKey } from "./filter";

const ROW_PX = 44;
const ALL_DRAWN = 60;
const CELL = "px-3 h-11 text-start align-middle whitespace-nowrap";

export const COLUMNS = ["status", "name", "address", "os", "handshake", "registered", "key"] as const;
export type ColumnName = (typeof COLUMNS)[number];
const NARROW = new Set<ColumnName>(["status", "name"]); // what a phone has room for

type Selection = { has: (id: string) => boolean; toggle: (id: string) => void; all: boolean; toggleAll: () => void };
type Props = {
  spokes: Spoke[];
  columns: Set<ColumnName>;
  sort: SortKey;
  descending: boolean;
  onSort: (key: SortKey) => void;
  selection: Selection | null;
};

export function SpokeTable({ spokes, columns, sort, descending, onSort, selection }: Props) {
  const t = useTexts();
  const box = useRef<HTMLElement>(null);
  const shown = COLUMNS.filter((each) => columns.has(each));
  const rows = useVirtualizer({
    count: spokes.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => spokes[index]?.id ?? index,
    enabled: spokes.length > ALL_DRAWN,
  });
  const drawn =
    spokes.length > ALL_DRAWN ? rows.getVirtualItems().map(({ index }) => index) : spokes.map((_, index) => index);
  const before = (drawn[0] ?? 0) * ROW_PX;
  const after = (spokes.length - 1 - (drawn.at(-1) ?? spokes.length - 1)) * ROW_PX;
  return (
    <section
      ref={box}
      className="max-h-[70dvh] overflow-auto rounded-xl border border-line bg-panel"
      aria-label={t.spokes.title}
      tabIndex={0}
    >
      <table className="w-full text-sm" aria-rowcount={spokes.length + 1}>
        <thead className="sticky top-0 z-10 bg-panel shadow-[0_1px_0_var(--line)]">
          <tr className="text-muted">
            {selection && (
              <th scope="col" className="w-9 ps-3">
                <input
                  type="checkbox"
                  className="size-4 accent-(--accent)"
                  aria-label={t.spokes.selectAll}
                  checked={selection.all}
                  onChange={selection.toggleAll}
                />
              </th>
            )}
            {shown.map((column) => (
              <th
                key={column}
                scope="col"
                className={`${CELL} font-medium ${NARROW.has(column) ? "" : "max-sm:hidden"}`}
                aria-sort={sort === column ? (descending ? "descending" : "ascending") : undefined}
              >
                {column === "key" ? (
                  t.spokes.key
                ) : (
                  <button
                    type="button"
                    className="inline-flex items-center gap-1 rounded hover:text-ink"
                    onClick={() => onSort(column)}
                  >
                    {t.spokes[column]}
                    {sort === column &&
                      (descending ? <ArrowDown size={14} aria-hidden /> : <ArrowUp size={14} aria-hidden />)}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ height: before }} />}
          {drawn.map((index) => {
            const spoke = spokes[index];
            return (
              spoke && (
                <Row
                  key={spoke.id}
                  spoke={spoke}
                  place={index + 2}
                  columns={columns}
                  selected={selection?.has(spoke.id)}
                  onToggle={selection?.toggle}
                />
              )
            );
          })}
          {after > 0 && <tr aria-hidden style={{ height: after }} />}
        </tbody>
      </table>
    </section>
  );
}

type RowProps = {
  spoke: Spoke;
  place: number;
  columns: Set<ColumnName>;
  selected: boolean | undefined;
  onToggle: ((id: string) => void) | undefined;
};

const Row = memo(function Row({ spoke, place, columns, selected, onToggle }: RowProps) {
  const t = useTexts();
  const cells: Record<ColumnName, React.ReactNode> = {
    status: <SpokeBadge status={spoke.status} />,
    name: (
      <Link
        to={`/spokes/${spoke.id}`}
        className="block max-w-64 truncate font-medium hover:underline max-sm:max-w-44"
        title={spoke.name}
      >
        <bdi>{spoke.name}</bdi>
      </Link>
    ),
    address: <span className="font-mono">{spoke.allowedIPs[0]?.split("/")[0]}</span>,
    os: spoke.isProxmox ? t.platform.proxmox : t.platform[spoke.os],
    handshake: <Ago at={spoke.lastHandshake} />,
    registered: <Ago at={spoke.registeredAt} />,
    key: <span className="block max-w-40 truncate font-mono">{spoke.publicKey}</span>,
  };
  return (
    <tr aria-rowindex={place} className="border-line border-b last:border-0 hover:bg-raised">
      {onToggle && (
        <td className="ps-3">
          <input
            type="checkbox"
            className="size-4 accent-(--accent)"
            aria-label={t.spokes.select(spoke.name)}
            checked={selected ?? false}
            onChange={() => onToggle(spoke.id)}
          />
        </td>
      )}
      {COLUMNS.filter((each) => columns.has(each)).map((column) => (
        <td key={column} className={`${CELL} ${NARROW.has(column) ? "" : "max-sm:hidden"}`}>
          {cells[column]}
        </td>
      ))}
    </tr>
  );
});
