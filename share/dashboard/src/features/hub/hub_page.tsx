// What the hub is: what can be changed here, and what only root can.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, body } from "@/api/client";
import { hubQuery } from "@/api/queries";
import type { HubConfig } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { useMay } from "@/shell/session";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Empty, Fault, Loading, Notice } from "@/ui/notice";
import { Facts, Page, Panel } from "@/ui/panel";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";

export function HubPage() {
  const t = useTexts();
  const hub = useQuery(hubQuery);
  if (hub.data === null) return <Empty title={t.overview.empty} />;
  if (!hub.data) return hub.error ? <Fault fault={hub.error} retry={() => hub.refetch()} /> : <Loading />;
  const mono = (text: string | number) => <span className="break-all font-mono">{text}</span>;
  return (
    <Page title={t.hub.title}>
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Changeable key={hub.data.updatedAt} hub={hub.data} />
        <Panel title={t.hub.fixed}>
          <div className="space-y-4">
            <p className="text-muted">{t.hub.fixedHint}</p>
            <Facts
              facts={[
                [t.overview.interface, mono(`wg0, ${hub.data.interfaceAddress}`)],
                [t.wizard.network, mono(hub.data.networkCIDR)],
                [t.wizard.port, mono(hub.data.listenPort)],
                [t.overview.publicKey, mono(hub.data.publicKey)],
                [t.hub.created, <Ago key="c" at={hub.data.createdAt} />],
                [t.hub.updated, <Ago key="u" at={hub.data.updatedAt} />],
              ]}
            />
          </div>
        </Panel>
      </div>
    </Page>
  );
}

type Change = { endpoint: string; dns: string[] };

function Changeable({ hub }: { hub: HubConfig }) {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const admin = useMay("admin");
  const [endpoint, setEndpoint] = useState(hub.endpoint);
  const [dns, setDns] = useState(hub.dns.join(", "));
  const put = async (change: Change) => {
    const answer = await body(api.PUT("/api/hub/config", { body: change }));
    if (answer) client.setQueryData(["hub"], answer.hubConfig);
    return answer;
  };
  const save = useMutation({
    mutationFn: () => put({ endpoint: endpoint.trim(), dns: dns.split(/[\s,]+/).filter(Boolean) }),
    onSuccess: (answer) => {
      const undo = () => put({ endpoint: hub.endpoint, dns: hub.dns }).catch(() => say(t.error.title, { bad: true }));
      const old = answer?.spokesWithOldEndpoint ?? 0;
      say(old ? `${t.hub.saved} ${t.hub.oldEndpoint(old)}` : t.hub.saved, { undo: () => void undo() });
    },
  });
  const fault = save.error instanceof ApiError ? save.error : null;
  return (
    <Panel title={t.hub.changeable}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field
          label={t.wizard.endpoint}
          dir="ltr"
          readOnly={!admin}
          required
          value={endpoint}
          onChange={(event) => setEndpoint(event.target.value)}
          fault={fault?.of("endpoint")}
        />
        <Field
          label={t.wizard.dns}
          dir="ltr"
          readOnly={!admin}
          hint={t.wizard.dnsHint}
          value={dns}
          onChange={(event) => setDns(event.target.value)}
          fault={fault?.of("dns")}
        />
        <Fault fault={save.error} fields={["endpoint", "dns"]} />
        {admin ? (
          <Button type="submit" look="primary" busy={save.isPending}>
            {t.action.save}
          </Button>
        ) : (
          <Notice kind="info">
            {t.roleHint.admin}: {t.role.admin}
          </Notice>
        )}
      </form>
    </Panel>
  );
}
