// Short messages that go by themselves, some with a way back.
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Button } from "./button";

const SHOWN_MS = 6000;
const SHOWN_AT_ONCE = 3;
type Toast = { id: number; text: string; undo?: () => void; bad?: boolean };
type Say = (text: string, options?: { undo?: () => void; bad?: boolean }) => void;
const Context = createContext<Say>(() => {});

export function ToastProvider({ children }: { children: ReactNode }) {
  const t = useTexts();
  const [toasts, setToasts] = useState<Toast[]>([]);
  const last = useRef(0);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((each) => each.id !== id)), []);
  const say = useCallback<Say>(
    (text, options) => {
      last.current += 1;
      const id = last.current;
      setToasts((all) => [...all.slice(1 - SHOWN_AT_ONCE), { id, text, ...options }]);
      setTimeout(() => drop(id), options?.undo ? 2 * SHOWN_MS : SHOWN_MS);
    },
    [drop],
  );
  const shown = useMemo(() => toasts, [toasts]);
  return (
    <Context value={say}>
      {children}
      <div
        aria-live="polite"
        className="pointer-events-none fixed inset-x-3 bottom-3 z-50 flex flex-col items-center gap-2"
      >
        {shown.map((toast) => (
          <div
            key={toast.id}
            className={`pointer-events-auto flex max-w-full items-center gap-3 rounded-lg border bg-panel px-4 py-2.5 text-sm shadow-lg ${toast.bad ? "border-bad text-bad" : "border-line"}`}
          >
            <span className="min-w-0 break-words">{toast.text}</span>
            {toast.undo && (
              <Button
                onClick={() => {
                  drop(toast.id);
                  toast.undo?.();
                }}
              >
                {t.action.undo}
              </Button>
            )}
          </div>
        ))}
      </div>
    </Context>
  );
}
export function useToast(): Say {
  return useContext(Context);
}
