// The installation as it goes: each stage as the machine tells it, a failure with its way out, the first handshake.
import { useQuery } from "@tanstack/react-query";
import { Loader2 } from "lucide-react";
import { ApiError } from "@/api/client";
import { spokeQuery, tokenQuery } from "@/api/queries";
import type { IssuedToken } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { Timeline } from "@/parts/timeline";
import { LinkButton } from "@/ui/button";
import { Fault, Notice } from "@/ui/notice";

export function Progress({ issued }: { issued: IssuedToken }) {
  const t = useTexts();
  const told = useQuery(tokenQuery(issued.token.id));
  const registered = told.data?.token.state === "registered";
  const spoke = useQuery({ ...spokeQuery(issued.token.spokeId), enabled: registered });
  const reports = told.data?.timeline ?? [];
  const last = reports.at(-1);
  const active = spoke.data?.spoke.status === "active";
  return (
    <div className="space-y-4" aria-live="polite">
      {reports.length > 0 && <Timeline reports={reports} />}
      {active && (
        <Notice kind="good">
          <p className="font-medium">{t.add.done(issued.token.spokeName)}</p>
          <p>{t.add.doneHint}</p>
        </Notice>
      )}
      {!active && last && last.code !== 0 && (
        <Notice kind="bad">
          <p className="font-medium">{t.add.failedTitle}</p>
          <p>
            <bdi>{last.reason}</bdi>
          </p>
          <p>{t.add.failedRetry}</p>
        </Notice>
      )}
      {!active && (!last || last.code === 0) && (
        <p className="flex items-center gap-2 text-muted">
          <Loader2 size={16} className="animate-spin" aria-hidden />
          {t.add.waiting}
        </p>
      )}
      <Fault fault={told.error instanceof ApiError && told.error.status === 404 ? null : told.error} />
      {registered && (
        <LinkButton to={`/spokes/${issued.token.spokeId}`} look={active ? "primary" : "plain"}>
          {t.add.open}
        </LinkButton>
      )}
    </div>
  );
}
