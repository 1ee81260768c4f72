// Times relative to now, with the exact one on hover. One clock for all of them.
import { useSyncExternalStore } from "react";
import { formatAgo, formatExact } from "@/i18n/format";
import { useLanguage } from "@/i18n/texts";

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Milliseconds; a second's grain. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export function Ago({ at }: { at: string | null | undefined }) {
  const { t, language } = useLanguage();
  // The text is what the clock's tick is looked at by: most ticks change none.
  const text = useSyncExternalStore(subscribe, () => (at ? formatAgo(Date.parse(at), now, language) : ""));
  if (!at) return <span className="text-muted">{t.time.never}</span>;
  return (
    <time dateTime={at} title={formatExact(at, language)} className="whitespace-nowrap">
      {text}
    </time>
  );
}
