// What an installation told, in its order: each stage with its time, a failure with its reason.
import { CheckCircle2, XCircle } from "lucide-react";
import type { InstallReport } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { Ago } from "@/ui/time";

export function Timeline({ reports }: { reports: InstallReport[] }) {
  const t = useTexts();
  return (
    <ol className="space-y-2.5">
      {reports.map((report) => (
        <li key={`${report.at} ${report.stage} ${report.code} ${report.detail}`} className="flex gap-2.5">
          {report.code === 0 ? (
            <CheckCircle2 size={18} className="mt-0.5 shrink-0 text-good" aria-hidden />
          ) : (
            <XCircle size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
          )}
          <div className="min-w-0">
            <p className={report.code === 0 ? "" : "font-medium text-bad"}>
              {t.stage[report.stage]}{" "}
              <span className="font-normal text-muted text-sm">
                · <Ago at={report.at} />
              </span>
            </p>
            {report.code !== 0 && (
              <p className="break-words text-sm">
                <bdi>{report.reason}</bdi> {report.detail && <bdi className="font-mono">({report.detail})</bdi>}
              </p>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}
