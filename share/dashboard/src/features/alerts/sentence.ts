// An alert in the person's language, and the page that has more of it. The hub's own text is English, for those who are sent it.
import type { Alert, Role } from "@/api/types";
import type { Texts } from "@/i18n/en";
import { formatDuration } from "@/i18n/format";

// A name may be written in the other direction: it must not turn the sentence around it.
const isolated = (name: string) => `\u2068${name}\u2069`;

export function sentenceOf({ kind, reason, subject, name }: Alert, t: Texts, language: string): string {
  const spoke = isolated(name);
  switch (kind) {
    case "spoke-down":
      return t.alerts.down(spoke, formatDuration(Number(reason), language));
    case "spoke-up":
      return t.alerts.up(spoke, formatDuration(Number(reason), language));
    case "install-failed":
      return t.alerts.installFailed(spoke, isolated(reason));
    case "alarm": {
      const sentence = Object.hasOwn(t.alerts.alarms, reason)
        ? t.alerts.alarms[reason as keyof Texts["alerts"]["alarms"]]
        : isolated(reason);
      return name ? `${sentence}: ${spoke}` : sentence;
    }
    case "certificate":
      return reason === "0"
        ? t.alerts.certificateEnded(isolated(subject))
        : t.alerts.certificateEnds(isolated(subject), Number(reason));
  }
}

export function pageOf({ kind, subject }: Alert, role: Role): string | null {
  if (kind === "spoke-down" || kind === "spoke-up") return `/spokes/${subject}`;
  if (kind === "install-failed") return `/tokens/${subject}`;
  return kind === "alarm" && role === "admin" ? "/audit" : null;
}
