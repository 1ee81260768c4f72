// What is to be done on the machine: a command for each system, read-first form, QR code, and how long it works.
import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { clustersQuery } from "@/api/queries";
import type { IssuedToken, Platform } from "@/api/types";
import { formatExact, formatLeft } from "@/i18n/format";
import { useLanguage } from "@/i18n/texts";
import { lazily } from "@/shell/lazily";
import { CopyBox } from "@/ui/copy";
import { Notice } from "@/ui/notice";
import { Tabs } from "@/ui/tabs";
import { useNow } from "@/ui/time";

const Qr = lazily(() => import("@/ui/qr"));
const PLATFORMS: Platform[] = ["linux", "macos", "windows", "proxmox"];

/** The address of the script in a command. */
function linkIn(command: string): string {
  return /https:\/\/[^\s'"]+/.exec(command)?.[0] ?? "";
}

function Left({ until }: { until: string }) {
  const { t, language } = useLanguage();
  const left = Date.parse(until) - useNow();
  if (left <= 0) return <Notice kind="warn">{t.add.expired}</Notice>;
  return (
    <p className="text-muted text-sm">
      {t.add.expires}{" "}
      <time dateTime={until} title={formatExact(until, language)} className="tabular-nums" dir="ltr">
        {formatLeft(left)}
      </time>
    </p>
  );
}

export function Instructions({ issued, first }: { issued: IssuedToken; first: Platform }) {
  const { t } = useLanguage();
  const [platform, setPlatform] = useState(first);
  const clusters = useQuery({ ...clustersQuery, enabled: platform === "proxmox" }).data ?? [];
  const command = issued.installCommands[platform];
  const link = linkIn(command);
  return (
    <div className="space-y-4">
      <Tabs
        label={t.add.platformTabs}
        value={platform}
        onChange={setPlatform}
        tabs={PLATFORMS.map((each) => [each, t.platform[each]])}
      >
        <div className="space-y-3">
          <p>{t.add[platform]}</p>
          <CopyBox text={command} label={t.add.instructions(issued.token.spokeName)} primary />
          {platform === "proxmox" && (
            <Notice kind="info">
              {t.add.clusterNote}
              {clusters.length > 0 && ` (${clusters.map(({ clusterName }) => clusterName).join(", ")})`}
            </Notice>
          )}
          <details className="rounded-lg border border-line px-3.5 py-2.5">
            <summary className="font-medium text-sm">{t.add.audit}</summary>
            <div className="space-y-3 pt-3">
              <p className="text-muted text-sm">{t.add.auditHint}</p>
              <CopyBox text={issued.auditCommands[platform]} label={t.add.audit} />
            </div>
          </details>
          {link && (
            <details className="rounded-lg border border-line px-3.5 py-2.5">
              <summary className="font-medium text-sm">{t.add.qr}</summary>
              <div className="space-y-3 pt-3">
                <p className="text-muted text-sm">{t.add.qrHint}</p>
                <Suspense>
                  <Qr text={link} label={t.add.qr} />
                </Suspense>
              </div>
            </details>
          )}
        </div>
      </Tabs>
      <Notice kind="warn">{t.add.once}</Notice>
      <div className="space-y-1">
        <Left until={issued.token.expiresAt} />
        <p className="text-muted text-sm">
          {t.add.addressIs} <bdi className="font-mono text-ink">{issued.token.allowedIPs[0]}</bdi>
        </p>
      </div>
    </div>
  );
}
