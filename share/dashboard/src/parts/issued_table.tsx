import { useState } from "react";
import type { IssuedToken, Platform } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy";
import { Notice } from "@/ui/notice";
import { Panel } from "@/ui/panel";
import { Table } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { download, toCsv } from "./bulk";

/** Many commands at once, to be copied one by one or as a file. */
export function IssuedTable({ tokens, first = "linux" }: { tokens: IssuedToken[]; first?: Platform }) {
  const t = useTexts();
  const [platform, setPlatform] = useState<Platform>(first);
  return (
    <Panel
      title={t.add.manyTitle(tokens.length)}
      actions={
        <Button look="primary" onClick={() => download(`spokes-${platform}.csv`, "text/csv", toCsv(tokens, platform))}>
          {t.action.download}
        </Button>
      }
    >
      <div className="space-y-4">
        <Notice kind="warn">{t.add.manyHint}</Notice>
        <Tabs
          label={t.add.platformTabs}
          value={platform}
          onChange={setPlatform}
          tabs={(["linux", "macos", "windows", "proxmox"] as const).map((each) => [each, t.platform[each]])}
        >
          <Table
            label={t.add.manyTitle(tokens.length)}
            rows={tokens}
            rowKey={({ token }) => token.id}
            columns={[
              { head: t.add.name, cell: ({ token }) => <bdi>{token.spokeName}</bdi> },
              {
                head: t.add.address,
                cell: ({ token }) => <span className="font-mono">{token.allowedIPs[0]?.split("/")[0]}</span>,
              },
              { head: t.action.copy, cell: ({ installCommands }) => <CopyButton text={installCommands[platform]} /> },
            ]}
          />
        </Tabs>
      </div>
    </Panel>
  );
}
