// A new spoke: its name, then the command and its live progress. Or many names at once.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, body } from "@/api/client";
import type { IssuedToken, Platform } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { MOST, parseLines, parseNodes } from "@/parts/bulk";
import { Instructions } from "@/parts/instructions";
import { IssuedTable } from "@/parts/issued_table";
import { useMay } from "@/shell/session";
import { Button } from "@/ui/button";
import { AreaField, Field, SelectField } from "@/ui/field";
import { Empty, Fault, Notice } from "@/ui/notice";
import { Page, Panel } from "@/ui/panel";
import { Tabs } from "@/ui/tabs";
import { Progress } from "./progress";

type Made =
  | { kind: "one"; issued: IssuedToken; platform: Platform }
  | { kind: "many"; tokens: IssuedToken[]; platform: Platform };
type Mode = "one" | "many" | "cluster";

export function AddPage() {
  const t = useTexts();
  const operator = useMay("operator");
  const [mode, setMode] = useState<Mode>("one");
  const [made, setMade] = useState<Made | null>(null);
  if (!operator) return <Empty title={t.error.page} hint={t.error.pageHint} />;
  if (made) {
    return (
      <Page
        title={made.kind === "one" ? t.add.instructions(made.issued.token.spokeName) : t.add.title}
        actions={<Button onClick={() => setMade(null)}>{t.add.another}</Button>}
      >
        {made.kind === "many" ? (
          <IssuedTable tokens={made.tokens} first={made.platform} />
        ) : (
          <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
            <Panel>
              <Instructions issued={made.issued} first={made.platform} />
            </Panel>
            <Panel title={t.add.progress}>
              <Progress issued={made.issued} />
            </Panel>
          </div>
        )}
      </Page>
    );
  }
  return (
    <Page title={t.add.title}>
      <Tabs
        label={t.add.title}
        value={mode}
        onChange={setMode}
        tabs={[
          ["one", t.add.one],
          ["many", t.add.many],
          ["cluster", t.add.cluster],
        ]}
      >
        <Panel className="max-w-xl">
          {mode === "one" && <One onMade={setMade} />}
          {mode === "many" && <Many onMade={setMade} />}
          {mode === "cluster" && <ProxmoxCluster onMade={setMade} />}
        </Panel>
      </Tabs>
    </Page>
  );
}

function One({ onMade }: { onMade: (made: Made) => void }) {
  const t = useTexts();
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [platform, setPlatform] = useState<Platform>("linux");
  const create = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/installation/token", {
          body: { spokeName: name, ...(address.trim() && { customIP: address.trim() }) },
        }),
      ),
    onSuccess: (issued) => onMade({ kind: "one", issued: issued as IssuedToken, platform }),
  });
  const fault = create.error instanceof ApiError ? create.error : null;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Field
        label={t.add.name}
        hint={t.add.nameHint}
        required
        maxLength={128}
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
        fault={fault?.of("spokeName")}
      />
      <Field
        label={t.add.address}
        hint={t.add.addressHint}
        dir="ltr"
        value={address}
        onChange={(event) => setAddress(event.target.value)}
        fault={fault?.of("customIP")}
      />
      <SelectField
        label={t.add.platform}
        value={platform}
        onChange={(event) => setPlatform(event.target.value as Platform)}
        options={Object.entries(t.platform) as [string, string][]}
      />
      <Fault fault={create.error} fields={["spokeName", "customIP"]} />
      <Button type="submit" look="primary" busy={create.isPending}>
        {t.add.submit}
      </Button>
    </form>
  );
}

function Many({ onMade }: { onMade: (made: Made) => void }) {
  const t = useTexts();
  const [text, setText] = useState("");
  const wanted = parseLines(text);
  const create = useMutation({
    mutationFn: () => body(api.POST("/api/installation/tokens/bulk", { body: { spokes: wanted } })),
    onSuccess: (answer) => onMade({ kind: "many", tokens: answer?.tokens ?? [], platform: "linux" }),
  });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <AreaField
        label={t.add.names}
        hint={t.add.namesHint(wanted.length)}
        rows={10}
        required
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Fault fault={create.error} />
      <Button
        type="submit"
        look="primary"
        busy={create.isPending}
        disabled={wanted.length === 0 || wanted.length > MOST}
      >
        {t.add.submitMany}
      </Button>
    </form>
  );
}

/** All nodes of a cluster that is not known yet. One that is has its commands on its own page. */
function ProxmoxCluster({ onMade }: { onMade: (made: Made) => void }) {
  const t = useTexts();
  const [cluster, setCluster] = useState("");
  const [text, setText] = useState("");
  const wanted = parseNodes(text, cluster);
  const create = useMutation({
    mutationFn: () => body(api.POST("/api/installation/tokens/bulk", { body: { spokes: wanted } })),
    onSuccess: (answer) => onMade({ kind: "many", tokens: answer?.tokens ?? [], platform: "proxmox" }),
  });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Notice kind="info">{t.add.clusterHint}</Notice>
      <Field label={t.add.clusterName} value={cluster} onChange={(event) => setCluster(event.target.value)} />
      <AreaField
        label={t.add.nodes}
        hint={t.add.nodesHint(wanted.length)}
        rows={4}
        required
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Fault fault={create.error} />
      <Button
        type="submit"
        look="primary"
        busy={create.isPending}
        disabled={wanted.length === 0 || wanted.length > MOST}
      >
        {t.add.submitMany}
      </Button>
    </form>
  );
}
