// A modal dialog: the browser's own, which keeps the focus and closes on Escape.
import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTexts } from "@/i18n/texts";
import { IconButton } from "./button";

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const t = useTexts();
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal(); // it would give the focus to the first thing in it, which closes
    dialog?.querySelector<HTMLElement>("input, select, textarea")?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="flex items-start justify-between gap-2 border-line border-b px-5 py-3">
        <h2 id={id} className="min-w-0 break-words pt-1.5">
          {title}
        </h2>
        <IconButton label={t.action.close} onClick={onClose}>
          <X size={18} aria-hidden />
        </IconButton>
      </div>
      <div className="space-y-4 p-5">{children}</div>
    </dialog>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2 pt-1">{children}</div>;
}
