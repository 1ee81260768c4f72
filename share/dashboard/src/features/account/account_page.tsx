// One's own account: password, second factor, sessions.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { ApiError, api, body } from "@/api/client";
import { sessionsQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { lazily } from "@/shell/lazily";
import { useSelf } from "@/shell/session";
import { Button } from "@/ui/button";
import { CopyBox } from "@/ui/copy";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Fault, Loading, Notice } from "@/ui/notice";
import { Page, Panel } from "@/ui/panel";
import { Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";

const Qr = lazily(() => import("@/ui/qr"));

export function AccountPage() {
  const t = useTexts();
  return (
    <Page title={t.account.title} intro={useSelf().username}>
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Password />
        <SecondFactor />
      </div>
      <Sessions />
    </Page>
  );
}

function Password() {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNew] = useState("");
  const change = useMutation({
    mutationFn: () => api.PUT("/api/auth/password", { body: { currentPassword, newPassword } }),
    onSuccess: () => {
      setCurrent("");
      setNew("");
      void client.invalidateQueries({ queryKey: ["me"] });
      void client.invalidateQueries({ queryKey: ["sessions"] });
      say(t.account.passwordChanged);
    },
  });
  const fault = change.error instanceof ApiError ? change.error : null;
  return (
    <Panel title={t.account.password}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Field
          label={t.account.current}
          type="password"
          autoComplete="current-password"
          required
          value={currentPassword}
          onChange={(event) => setCurrent(event.target.value)}
          fault={fault?.of("currentPassword")}
        />
        <Field
          label={t.newPassword}
          type="password"
          autoComplete="new-password"
          required
          hint={t.passwordRule}
          value={newPassword}
          onChange={(event) => setNew(event.target.value)}
          fault={fault?.of("newPassword")}
        />
        <Fault fault={change.error} fields={["currentPassword", "newPassword"]} />
        <Button type="submit" look="primary" busy={change.isPending}>
          {t.account.password}
        </Button>
      </form>
    </Panel>
  );
}

function SecondFactor() {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const active = useSelf().totp;
  const refresh = () => client.invalidateQueries({ queryKey: ["me"] });
  const offer = useMutation({ mutationFn: () => body(api.POST("/api/auth/totp")) });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/auth/totp"),
    onSuccess: () => {
      void refresh();
      say(t.account.removed);
    },
  });
  return (
    <Panel title={t.account.totp}>
      <div className="space-y-4">
        <p className="text-muted">{active ? t.account.totpOn : t.account.totpOff}</p>
        <Fault fault={offer.error ?? remove.error} />
        {active ? (
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            {t.account.remove}
          </Button>
        ) : (
          <Button look="primary" busy={offer.isPending} onClick={() => offer.mutate()}>
            {t.account.enrol}
          </Button>
        )}
      </div>
      {offer.data && (
        <Enrol
          secret={offer.data.secret}
          uri={offer.data.uri}
          onClose={offer.reset}
          onDone={() => {
            offer.reset();
            void refresh();
          }}
        />
      )}
    </Panel>
  );
}

function Enrol({
  secret,
  uri,
  onClose,
  onDone,
}: {
  secret: string;
  uri: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const t = useTexts();
  const [totp, setTotp] = useState("");
  const confirm = useMutation({
    mutationFn: () => body(api.POST("/api/auth/totp/confirm", { body: { totp: totp.trim() } })),
  });
  if (confirm.data) {
    return (
      <Dialog title={t.account.recovery} onClose={onDone}>
        <Notice kind="warn">{t.account.recoveryHint}</Notice>
        <CopyBox text={confirm.data.recoveryCodes.join("\n")} label={t.account.recovery} primary />
      </Dialog>
    );
  }
  return (
    <Dialog title={t.account.totp} onClose={onClose}>
      <p>{t.account.scan}</p>
      <Suspense>
        <Qr text={uri} label={t.account.scan} />
      </Suspense>
      <CopyBox text={secret} label={t.account.key} />
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          confirm.mutate();
        }}
      >
        <Field
          label={t.account.code}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          value={totp}
          onChange={(event) => setTotp(event.target.value)}
        />
        <Fault fault={confirm.error} />
        <Button type="submit" look="primary" busy={confirm.isPending}>
          {t.account.confirm}
        </Button>
      </form>
    </Dialog>
  );
}

function Sessions() {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const sessions = useQuery({ ...sessionsQuery, staleTime: 0 });
  const refresh = (text: string) => {
    void client.invalidateQueries({ queryKey: ["sessions"] });
    say(text);
  };
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/auth/sessions/{id}", { params: { path: { id } } }),
    onSuccess: () => refresh(t.account.ended),
  });
  const endOthers = useMutation({
    mutationFn: () => api.DELETE("/api/auth/sessions"),
    onSuccess: () => refresh(t.account.othersEnded),
  });
  return (
    <section className="space-y-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2>{t.account.sessions}</h2>
        <Button busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {t.account.endOthers}
        </Button>
      </div>
      <Fault fault={sessions.error ?? end.error ?? endOthers.error} />
      {sessions.isPending && <Loading />}
      {sessions.data && (
        <Table
          label={t.account.sessions}
          rows={sessions.data}
          rowKey={({ id }) => id}
          columns={[
            { head: t.audit.source, cell: ({ sourceAddress }) => <span className="font-mono">{sourceAddress}</span> },
            { head: t.account.lastUsed, cell: ({ lastUsedAt }) => <Ago at={lastUsedAt} /> },
            {
              head: t.spokes.os,
              wide: true,
              cell: ({ userAgent }) => <bdi className="block max-w-60 truncate">{userAgent}</bdi>,
            },
            {
              head: t.action.end,
              cell: ({ id, current }) =>
                current ? (
                  <span className="text-muted">{t.account.currentSession}</span>
                ) : (
                  <Button onClick={() => end.mutate(id)}>{t.action.end}</Button>
                ),
            },
          ]}
        />
      )}
    </section>
  );
}
