// States as icon, word and colour, never as colour alone.
import { AlertTriangle, CheckCircle2, Circle, CircleDashed, Clock, XCircle } from "lucide-react";
import type { AlertKind, Cluster, SpokeStatus, TokenState } from "@/api/types";
import { useTexts } from "@/i18n/texts";

const LOOKS = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  calm: "bg-raised text-muted",
};
type Look = { look: keyof typeof LOOKS; Icon: typeof Circle };

function Badge({ look, Icon, text, hint }: Look & { text: string; hint?: string }) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 font-medium text-xs whitespace-nowrap ${LOOKS[look]}`}
      title={hint}
    >
      <Icon size={13} aria-hidden />
      {text}
    </span>
  );
}

const SPOKE: Record<SpokeStatus, Look> = {
  active: { look: "good", Icon: CheckCircle2 },
  pending: { look: "warn", Icon: Clock },
  inactive: { look: "bad", Icon: XCircle },
};
export function SpokeBadge({ status }: { status: SpokeStatus }) {
  const t = useTexts();
  return <Badge {...SPOKE[status]} text={t.status[status]} hint={t.status[`${status}Hint`]} />;
}

const TOKEN: Record<TokenState, Look> = {
  unused: { look: "calm", Icon: CircleDashed },
  claimed: { look: "warn", Icon: Clock },
  registered: { look: "good", Icon: CheckCircle2 },
  expired: { look: "calm", Icon: XCircle },
  revoked: { look: "calm", Icon: XCircle },
};
export function TokenBadge({ state }: { state: TokenState }) {
  return <Badge {...TOKEN[state]} text={useTexts().tokenState[state]} />;
}

const CLUSTER: Record<Cluster["status"], Look> = {
  "all-active": { look: "good", Icon: CheckCircle2 },
  degraded: { look: "warn", Icon: AlertTriangle },
  critical: { look: "bad", Icon: XCircle },
  pending: { look: "warn", Icon: Clock },
  empty: { look: "calm", Icon: Circle },
};
export function ClusterBadge({ status }: { status: Cluster["status"] }) {
  return <Badge {...CLUSTER[status]} text={useTexts().clusterStatus[status]} />;
}

const ALERT: Record<AlertKind, Look> = {
  "spoke-down": { look: "bad", Icon: XCircle },
  "spoke-up": { look: "good", Icon: CheckCircle2 },
  "install-failed": { look: "bad", Icon: XCircle },
  alarm: { look: "warn", Icon: AlertTriangle },
  certificate: { look: "warn", Icon: Clock },
};
export function AlertBadge({ kind }: { kind: AlertKind }) {
  return <Badge {...ALERT[kind]} text={useTexts().alerts.kind[kind]} />;
}

export function OutcomeBadge({ outcome }: { outcome: "success" | "denied" }) {
  const t = useTexts();
  const look: Look = outcome === "success" ? { look: "calm", Icon: CheckCircle2 } : { look: "bad", Icon: XCircle };
  return <Badge {...look} text={t.audit[outcome]} />;
}
