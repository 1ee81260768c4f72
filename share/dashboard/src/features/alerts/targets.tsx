// Who is told of alerts: each with its state, a test, and what can be changed of it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Mail, Webhook } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { alertTargetsQuery } from "@/api/queries";
import type { AlertTarget } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { AlertBadge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Empty, Fault, Loading, Notice } from "@/ui/notice";
import { Facts } from "@/ui/panel";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";
import { AddTarget, EditTarget } from "./target_form";

export function Targets() {
  const t = useTexts();
  const known = useQuery({ ...alertTargetsQuery, staleTime: 0 });
  const [adding, setAdding] = useState(false);
  const add = (
    <Button look="primary" disabled={!known.data} onClick={() => setAdding(true)}>
      {t.alerts.add}
    </Button>
  );
  const targets = known.data?.targets;
  return (
    <section className="space-y-3" aria-label={t.alerts.targets}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2>{t.alerts.targets}</h2>
        {targets?.length !== 0 && add}
      </div>
      <Fault fault={known.error} retry={() => known.refetch()} />
      {known.isPending && <Loading />}
      {targets?.length === 0 && (
        <Empty title={t.alerts.noTarget} hint={t.alerts.noTargetHint}>
          {add}
        </Empty>
      )}
      {known.data && known.data.targets.length > 0 && (
        <ul className="grid items-start gap-3 lg:grid-cols-2">
          {known.data.targets.map((target) => (
            <Card key={target.id} target={target} hubTime={known.data.hubTime} />
          ))}
        </ul>
      )}
      {adding && known.data && <AddTarget hubTime={known.data.hubTime} onClose={() => setAdding(false)} />}
    </section>
  );
}

function State({ target }: { target: AlertTarget }) {
  const t = useTexts();
  if (!target.enabled) return <Notice kind="info">{t.alerts.isOff}</Notice>;
  if (!target.failingSince) return null;
  return (
    <Notice kind="bad">
      <p className="font-medium">
        {t.alerts.failing} <Ago at={target.failingSince} />
      </p>
      {target.lastError && (
        <p>
          <bdi>{target.lastError}</bdi>
        </p>
      )}
    </Notice>
  );
}

function Card({ target, hubTime }: { target: AlertTarget; hubTime: string }) {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const [open, setOpen] = useState<"edit" | "remove" | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["alert-targets"] });
  const path = { id: target.id };
  const change = useMutation({
    mutationFn: (enabled: boolean) =>
      body(api.PUT("/api/alerts/targets/{id}", { params: { path }, body: { enabled } })),
    onSuccess: (_, enabled) => {
      void refresh();
      say((enabled ? t.alerts.switchedOn : t.alerts.switchedOff)(target.name), {
        undo: () => change.mutate(!enabled),
      });
    },
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/alerts/targets/{id}", { params: { path } }),
    onSuccess: () => {
      void refresh();
      say(t.alerts.removed(target.name));
      setOpen(null);
    },
  });
  const test = useMutation({
    mutationFn: () => api.POST("/api/alerts/targets/{id}/test", { params: { path } }),
    onSettled: () => void refresh(),
  });
  const Icon = target.channel === "mail" ? Mail : Webhook;
  const quiet = target.quietHours;
  return (
    <li className="min-w-0 space-y-3 rounded-xl border border-line bg-panel p-4">
      <div className="flex items-start gap-2.5">
        <Icon size={18} className="mt-0.5 shrink-0 text-muted" aria-hidden />
        <div className="min-w-0">
          <h3 className="break-words font-medium">
            <bdi>{target.name}</bdi>
          </h3>
          <p className="text-muted text-sm">
            {t.alerts.channel[target.channel]} ·{" "}
            <bdi className="inline-block max-w-full break-words">{target.address}</bdi>
          </p>
        </div>
      </div>
      <State target={target} />
      <div className="flex flex-wrap gap-1.5">
        {target.kinds.map((kind) => (
          <AlertBadge key={kind} kind={kind} />
        ))}
      </div>
      <Facts
        facts={[
          [t.alerts.delivered, <Ago key="d" at={target.lastDeliveredAt} />],
          [t.alerts.quiet, quiet ? t.alerts.quietFromUntil(quiet.from, quiet.until) : t.alerts.noQuiet],
        ]}
      />
      {test.isSuccess && (
        <Notice kind="good" live>
          {t.alerts.tested}
        </Notice>
      )}
      <Fault fault={test.error ?? change.error} />
      <div className="flex flex-wrap gap-2">
        <Button busy={test.isPending} onClick={() => test.mutate()}>
          {test.isPending ? t.alerts.testing : t.alerts.test}
        </Button>
        <Button onClick={() => setOpen("edit")}>{t.action.edit}</Button>
        <Button busy={change.isPending} onClick={() => change.mutate(!target.enabled)}>
          {target.enabled ? t.alerts.switchOff : t.alerts.switchOn}
        </Button>
        <Button look="danger" onClick={() => setOpen("remove")}>
          {t.action.remove}
        </Button>
      </div>
      {open === "edit" && <EditTarget target={target} hubTime={hubTime} onClose={() => setOpen(null)} />}
      {open === "remove" && (
        <Confirm
          title={t.alerts.removeTitle(target.name)}
          action={t.action.remove}
          busy={remove.isPending}
          fault={remove.error}
          onClose={() => setOpen(null)}
          onConfirm={() => remove.mutate()}
        >
          <p>{t.alerts.removeBody}</p>
        </Confirm>
      )}
    </li>
  );
}
