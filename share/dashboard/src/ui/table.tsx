// A plain table of few rows; on narrow screens it scrolls by itself, not the page.
import type { ReactNode } from "react";

export type Column<Row> = { head: string; cell: (row: Row) => ReactNode; wide?: boolean };

export function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
}: {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string | number;
}) {
  return (
    <section className="overflow-x-auto rounded-xl border border-line bg-panel" tabIndex={0} aria-label={label}>
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-b text-muted">
            {columns.map(({ head, wide }) => (
              <th
                key={head}
                scope="col"
                className={`px-3 py-2 max-sm:px-1.5 text-start font-medium whitespace-nowrap ${wide ? "max-md:hidden" : ""}`}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="border-line border-b last:border-0">
              {columns.map(({ head, cell, wide }) => (
                <td
                  key={head}
                  className={`max-w-64 break-words px-3 py-2 max-sm:px-1.5 align-middle ${wide ? "max-md:hidden" : ""}`}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
