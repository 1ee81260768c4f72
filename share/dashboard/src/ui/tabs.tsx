import { type KeyboardEvent, type ReactNode, useId } from "react";

type Props<T extends string> = {
  label: string;
  tabs: [value: T, text: string][];
  value: T;
  onChange: (value: T) => void;
  children?: ReactNode;
};

/** Tabs of which one is shown; arrows move between them. Without children: a choice of views of what follows. */
export function Tabs<T extends string>({ label, tabs, value, onChange, children }: Props<T>) {
  const id = useId();
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const way = document.documentElement.dir === "rtl" ? -step : step;
    const next = tabs[(tabs.findIndex(([each]) => each === value) + way + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    onChange(next[0]);
    document.getElementById(`${id}-${next[0]}`)?.focus();
  };
  return (
    <div>
      <div
        role="tablist"
        aria-label={label}
        className="flex w-fit max-w-full flex-wrap gap-1 rounded-lg bg-raised p-1"
        onKeyDown={move}
      >
        {tabs.map(([each, text]) => (
          <button
            key={each}
            type="button"
            role="tab"
            id={`${id}-${each}`}
            aria-selected={each === value}
            aria-controls={`${id}-panel`}
            tabIndex={each === value ? 0 : -1}
            className="min-h-8 rounded-md px-3 text-muted text-sm whitespace-nowrap aria-selected:bg-panel aria-selected:font-medium aria-selected:text-ink aria-selected:shadow-sm"
            onClick={() => onChange(each)}
          >
            {text}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`} className={children ? "pt-4" : ""}>
        {children}
      </div>
    </div>
  );
}
