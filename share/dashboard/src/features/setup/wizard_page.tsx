// The hub's network, once: CIDR, port, endpoint, DNS. Leads to the first spoke.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, api, body } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { Door } from "@/shell/door";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Fault, Notice } from "@/ui/notice";
import { judgeDns, judgeEndpoint, judgeNetwork, judgePort, splitDns, suggestEndpoint, swallowed } from "./network";

export function WizardPage() {
  const t = useTexts();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [network, setNetwork] = useState("10.86.0.0/24");
  const [port, setPort] = useState("51820");
  const [typedEndpoint, setTypedEndpoint] = useState<string | null>(null);
  const [dns, setDns] = useState("");
  const endpoint = typedEndpoint ?? suggestEndpoint(window.location.hostname, port);
  const told = {
    network: judgeNetwork(network, t),
    port: judgePort(port, t),
    endpoint: judgeEndpoint(endpoint, port, t),
    dns: judgeDns(dns, t),
  };
  const lost = told.network.fault
    ? null
    : swallowed(network, [window.location.hostname, endpoint.replace(/:\d+$/, "")]);
  const sound = Object.values(told).every((each) => !each.fault);
  const create = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/hub/initialize", {
          body: {
            networkCIDR: network.trim(),
            endpoint: endpoint.trim(),
            listenPort: Number(port),
            dns: splitDns(dns),
          },
        }),
      ),
    onSuccess: async (created) => {
      await navigate("/add");
      client.setQueryData(["hub"], created?.hubConfig);
    },
  });
  const fault = create.error instanceof ApiError ? create.error : null;
  return (
    <Door title={t.wizard.title} intro={t.wizard.intro} wide>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (sound) create.mutate();
        }}
      >
        <Field
          label={t.wizard.network}
          dir="ltr"
          value={network}
          onChange={(event) => setNetwork(event.target.value)}
          hint={told.network.hosts && t.wizard.networkHint(told.network.hosts)}
          fault={told.network.fault ?? fault?.of("networkCIDR")}
        />
        {lost && <Notice kind="bad">{t.wizard.swallowed(lost)}</Notice>}
        {told.network.warning && <Notice kind="warn">{told.network.warning}</Notice>}
        <Field
          label={t.wizard.port}
          dir="ltr"
          inputMode="numeric"
          value={port}
          onChange={(event) => setPort(event.target.value)}
          hint={t.wizard.portHint}
          fault={told.port.fault ?? fault?.of("listenPort")}
        />
        <Field
          label={t.wizard.endpoint}
          dir="ltr"
          value={endpoint}
          onChange={(event) => setTypedEndpoint(event.target.value)}
          hint={t.wizard.endpointHint}
          fault={told.endpoint.fault ?? fault?.of("endpoint")}
        />
        {told.endpoint.warning && <Notice kind="warn">{told.endpoint.warning}</Notice>}
        <Field
          label={t.wizard.dns}
          dir="ltr"
          value={dns}
          onChange={(event) => setDns(event.target.value)}
          hint={t.wizard.dnsHint}
          fault={told.dns.fault ?? fault?.of("dns")}
        />
        <Fault fault={create.error} fields={["networkCIDR", "listenPort", "endpoint", "dns"]} />
        <Button type="submit" look="primary" className="w-full" disabled={!sound} busy={create.isPending}>
          {t.wizard.submit}
        </Button>
      </form>
    </Door>
  );
}
