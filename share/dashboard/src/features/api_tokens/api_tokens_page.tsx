// API tokens for programs: their role, their end, when they were last used. The secret is shown once.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, body } from "@/api/client";
import { apiTokensQuery } from "@/api/queries";
import type { ApiToken, Role } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyBox } from "@/ui/copy";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, SelectField } from "@/ui/field";
import { Empty, Fault, Loading, Notice } from "@/ui/notice";
import { Page } from "@/ui/panel";
import { Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";

export function ApiTokensPage() {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const tokens = useQuery({ ...apiTokensQuery, staleTime: 0 });
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<ApiToken | null>(null);
  const revoke = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/api-tokens/{id}", { params: { path: { id } } }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["api-tokens"] });
      if (revoking) say(t.apiTokens.revoked(revoking.name));
      setRevoking(null);
    },
  });
  return (
    <Page
      title={t.apiTokens.title}
      intro={t.apiTokens.intro}
      actions={
        <Button look="primary" onClick={() => setAdding(true)}>
          {t.apiTokens.add}
        </Button>
      }
    >
      <Fault fault={tokens.error} retry={() => tokens.refetch()} />
      {tokens.isPending && <Loading />}
      {tokens.data?.length === 0 && <Empty title={t.apiTokens.empty} hint={t.apiTokens.emptyHint} />}
      {tokens.data && tokens.data.length > 0 && (
        <Table
          label={t.apiTokens.title}
          rows={tokens.data}
          rowKey={({ id }) => id}
          columns={[
            { head: t.apiTokens.name, cell: ({ name }) => <bdi className="font-medium">{name}</bdi> },
            { head: t.users.role, cell: ({ role }) => t.role[role] },
            { head: t.apiTokens.lastUsed, wide: true, cell: ({ lastUsedAt }) => <Ago at={lastUsedAt} /> },
            { head: t.apiTokens.expires, wide: true, cell: ({ expiresAt }) => <Ago at={expiresAt} /> },
            {
              head: t.action.revoke,
              cell: (token) => (
                <Button look="danger" onClick={() => setRevoking(token)}>
                  {t.action.revoke}
                </Button>
              ),
            },
          ]}
        />
      )}
      {adding && <AddApiToken onClose={() => setAdding(false)} />}
      {revoking && (
        <Confirm
          title={t.apiTokens.revokeTitle(revoking.name)}
          action={t.action.revoke}
          busy={revoke.isPending}
          fault={revoke.error}
          onClose={() => setRevoking(null)}
          onConfirm={() => revoke.mutate(revoking.id)}
        >
          <p>{t.apiTokens.revokeBody}</p>
        </Confirm>
      )}
    </Page>
  );
}

function AddApiToken({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("90");
  const create = useMutation({
    mutationFn: () => body(api.POST("/api/api-tokens", { body: { name, role, expiresInDays: Number(days) } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["api-tokens"] }),
  });
  const fault = create.error instanceof ApiError ? create.error : null;
  if (create.data) {
    return (
      <Dialog title={create.data.apiToken.name} onClose={onClose}>
        <Notice kind="warn">
          <p className="font-medium">{t.apiTokens.secret}</p>
          <p>{t.apiTokens.secretHint}</p>
        </Notice>
        <CopyBox text={create.data.secret} label={t.apiTokens.secret} primary />
      </Dialog>
    );
  }
  return (
    <Dialog title={t.apiTokens.add} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Field
          label={t.apiTokens.name}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={fault?.of("name")}
        />
        <SelectField
          label={t.users.role}
          hint={t.roleHint[role]}
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
          options={(["viewer", "operator", "admin"] as const).map((each) => [each, t.role[each]])}
        />
        <Field
          label={t.apiTokens.days}
          type="number"
          min={1}
          max={365}
          required
          value={days}
          onChange={(event) => setDays(event.target.value)}
          fault={fault?.of("expiresInDays")}
        />
        <Fault fault={create.error} fields={["name", "expiresInDays"]} />
        <DialogActions>
          <Button onClick={onClose}>{t.action.cancel}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {t.action.create}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
