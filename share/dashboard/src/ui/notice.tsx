// What is said in a box: faults, warnings, emptiness.
import { AlertTriangle, CheckCircle2, Info, XCircle } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { Button } from "./button";

const KINDS = {
  good: { look: "bg-good-soft text-good", Icon: CheckCircle2 },
  warn: { look: "bg-warn-soft text-warn", Icon: AlertTriangle },
  bad: { look: "bg-bad-soft text-bad", Icon: XCircle },
  info: { look: "bg-raised text-ink", Icon: Info },
};

export function Notice({
  kind,
  children,
  live = false,
}: {
  kind: keyof typeof KINDS;
  children: ReactNode;
  live?: boolean;
}) {
  const { look, Icon } = KINDS[kind];
  return (
    <div className={`flex gap-2.5 rounded-lg px-3.5 py-2.5 text-sm ${look}`} role={live ? "alert" : undefined}>
      <Icon size={18} className="mt-0.5 shrink-0" aria-hidden />
      <div className="min-w-0 space-y-1 break-words">{children}</div>
    </div>
  );
}

/** What failed and what helps; a fault that is a field's is said there and not here. */
export function Fault({ fault, fields = [], retry }: { fault: unknown; fields?: string[]; retry?: () => void }) {
  const t = useTexts();
  if (!fault) return null;
  const error = fault instanceof ApiError ? fault : null;
  if (error?.body.field && fields.includes(error.body.field)) return null;
  const [text, hint] = error
    ? [error.body.error ?? t.error.noAnswer, error.body.recoveryHint ?? t.error.noAnswerHint]
    : [t.error.unknown, t.error.crashHint];
  return (
    <Notice kind="bad" live>
      <p className="font-medium">{text}</p>
      <p>{hint}</p>
      {error?.body.requestId && error.status >= 500 && (
        <p className="font-mono text-xs">{t.error.reference(error.body.requestId)}</p>
      )}
      {retry && <Button onClick={retry}>{t.action.refresh}</Button>}
    </Notice>
  );
}

export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="rounded-xl border border-line border-dashed px-6 py-12 text-center">
      <p className="font-semibold">{title}</p>
      {hint && <p className="mt-1 text-muted">{hint}</p>}
      {children && <div className="mt-4 flex justify-center gap-2">{children}</div>}
    </div>
  );
}

export function Loading() {
  return (
    <div className="space-y-3 py-2" aria-busy="true">
      {["w-2/3", "w-full", "w-5/6"].map((width) => (
        <div key={width} className={`h-5 animate-pulse rounded bg-raised ${width}`} />
      ))}
    </div>
  );
}
