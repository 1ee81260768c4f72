// Goes anywhere by typing: pages, spokes, actions.
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useState } from "react";
import { useNavigate } from "react-router";
import { spokesQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { Dialog } from "@/ui/dialog";
import { PAGES } from "./frame";
import { useMay } from "./session";
import { toggleTheme } from "./theme";

const SHOWN = 12;
type Entry = { id: string; kind: string; text: string; extra?: string; run: () => void };

export function Palette({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const navigate = useNavigate();
  const admin = useMay("admin");
  const operator = useMay("operator");
  const list = useId();
  const spokes = useQuery(spokesQuery).data ?? [];
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const go = (to: string) => () => {
    onClose();
    void navigate(to);
  };
  const entries: Entry[] = [
    ...PAGES.filter(({ role }) => admin || role !== "admin").map(({ to, name }) => ({
      id: to,
      kind: t.palette.page,
      text: t.nav[name],
      run: go(to),
    })),
    ...(operator ? [{ id: "add", kind: t.palette.action, text: t.spokes.add, run: go("/add") }] : []),
    {
      id: "theme",
      kind: t.palette.action,
      text: t.nav.theme,
      run: () => {
        toggleTheme();
        onClose();
      },
    },
    ...spokes.map((spoke) => ({
      id: spoke.id,
      kind: t.palette.spoke,
      text: spoke.name,
      extra: spoke.allowedIPs[0],
      run: go(`/spokes/${spoke.id}`),
    })),
  ];
  const wanted = text.trim().toLowerCase();
  const found = entries
    .filter((each) => !wanted || each.text.toLowerCase().includes(wanted) || each.extra?.startsWith(wanted))
    .slice(0, SHOWN);
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      setChosen((chosen + step + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      found[chosen]?.run();
    }
  };
  return (
    <Dialog title={t.palette.title} onClose={onClose}>
      <input
        role="combobox"
        aria-label={t.palette.hint}
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={found[chosen] && `${list}-${chosen}`}
        placeholder={t.palette.hint}
        className="w-full rounded-lg border border-edge bg-panel px-3 py-2 placeholder:text-muted"
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
      />
      <div id={list} role="listbox" aria-label={t.palette.title} className="max-h-80 overflow-y-auto">
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input, which names the chosen one
          <div
            key={entry.id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className="flex cursor-pointer items-center justify-between gap-3 rounded-lg px-3 py-2 aria-selected:bg-raised"
            onClick={entry.run}
            onMouseMove={() => setChosen(index)}
          >
            <span className="min-w-0 truncate">{entry.text}</span>
            <span className="shrink-0 text-muted text-xs">{entry.extra ?? entry.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="text-muted">{t.palette.none}</p>}
    </Dialog>
  );
}
