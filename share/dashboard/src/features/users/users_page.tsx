// Users: roles, disabling, new passwords, their sessions. The hub keeps the last admin.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api } from "@/api/client";
import { userSessionsQuery, usersQuery } from "@/api/queries";
import type { Role, User } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { useSelf } from "@/shell/session";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, SelectField } from "@/ui/field";
import { Fault, Loading } from "@/ui/notice";
import { Page } from "@/ui/panel";
import { Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";

type Asking = { kind: "add" } | { kind: "edit"; user: User } | { kind: "remove"; user: User } | null;
const ROLES: Role[] = ["viewer", "operator", "admin"];

export function UsersPage() {
  const t = useTexts();
  const self = useSelf();
  const users = useQuery({ ...usersQuery, staleTime: 0 });
  const [asking, setAsking] = useState<Asking>(null);
  const close = () => setAsking(null);
  return (
    <Page
      title={t.users.title}
      actions={
        <Button look="primary" onClick={() => setAsking({ kind: "add" })}>
          {t.users.add}
        </Button>
      }
    >
      <Fault fault={users.error} retry={() => users.refetch()} />
      {users.isPending && <Loading />}
      {users.data && (
        <Table
          label={t.users.title}
          rows={users.data}
          rowKey={({ id }) => id}
          columns={[
            {
              head: t.username,
              cell: ({ id, username, disabled }) => (
                <>
                  <bdi className="font-medium">{username}</bdi>{" "}
                  {id === self.id && <span className="text-muted">({t.users.you})</span>}{" "}
                  {disabled && <span className="text-bad">{t.users.disabled}</span>}
                </>
              ),
            },
            { head: t.users.role, cell: ({ role }) => t.role[role] },
            { head: t.users.totp, wide: true, cell: ({ totp }) => (totp ? t.users.on : t.users.off) },
            { head: t.users.lastLogin, wide: true, cell: ({ lastLoginAt }) => <Ago at={lastLoginAt} /> },
            {
              head: t.action.edit,
              cell: (user) =>
                user.id !== self.id && (
                  <span className="flex flex-wrap gap-2">
                    <Button onClick={() => setAsking({ kind: "edit", user })}>{t.action.edit}</Button>
                    <Button look="danger" onClick={() => setAsking({ kind: "remove", user })}>
                      {t.action.remove}
                    </Button>
                  </span>
                ),
            },
          ]}
        />
      )}
      {asking?.kind === "add" && <AddUser onClose={close} />}
      {asking?.kind === "edit" && <EditUser user={asking.user} onClose={close} />}
      {asking?.kind === "remove" && <RemoveUser user={asking.user} onClose={close} />}
    </Page>
  );
}

function useDone(onClose: () => void) {
  const say = useToast();
  const client = useQueryClient();
  return (text: string, undo?: () => void) => {
    void client.invalidateQueries({ queryKey: ["users"] });
    say(text, undo && { undo });
    onClose();
  };
}

function RoleField({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  const t = useTexts();
  return (
    <SelectField
      label={t.users.role}
      hint={t.roleHint[role]}
      value={role}
      onChange={(event) => onChange(event.target.value as Role)}
      options={ROLES.map((each) => [each, t.role[each]])}
    />
  );
}

function AddUser({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const done = useDone(onClose);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const create = useMutation({
    mutationFn: () => api.POST("/api/users", { body: { username, password, role } }),
    onSuccess: () => done(t.users.created(username)),
  });
  const fault = create.error instanceof ApiError ? create.error : null;
  return (
    <Dialog title={t.users.add} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Field
          label={t.username}
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
          fault={fault?.of("username")}
        />
        <Field
          label={t.password}
          type="password"
          autoComplete="new-password"
          required
          hint={t.passwordRule}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          fault={fault?.of("password")}
        />
        <RoleField role={role} onChange={setRole} />
        <Fault fault={create.error} fields={["username", "password"]} />
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

function EditUser({ user, onClose }: { user: User; onClose: () => void }) {
  const t = useTexts();
  const done = useDone(onClose);
  const client = useQueryClient();
  const [role, setRole] = useState(user.role);
  const [password, setPassword] = useState("");
  const params = { path: { id: user.id } };
  const put = (body: { role?: Role; disabled?: boolean }) => api.PUT("/api/users/{id}", { params, body });
  const change = useMutation({
    mutationFn: put,
    onSuccess: () =>
      done(t.users.changed(user.username), () =>
        put({ role: user.role, disabled: user.disabled }).finally(() =>
          client.invalidateQueries({ queryKey: ["users"] }),
        ),
      ),
  });
  const reset = useMutation({
    mutationFn: () => api.POST("/api/users/{id}/reset", { params, body: { password } }),
    onSuccess: () => done(t.users.resetDone(user.username)),
  });
  const end = useMutation({
    mutationFn: () => api.DELETE("/api/users/{id}/sessions", { params }),
    onSuccess: () => done(t.users.sessionsEnded(user.username)),
  });
  const fault = reset.error instanceof ApiError ? reset.error : null;
  return (
    <Dialog title={user.username} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ role });
        }}
      >
        <RoleField role={role} onChange={setRole} />
        <Fault fault={change.error ?? end.error} />
        <DialogActions>
          <Button onClick={() => change.mutate({ disabled: !user.disabled })}>
            {user.disabled ? t.action.enable : t.action.disable}
          </Button>
          <Button type="submit" look="primary" disabled={role === user.role} busy={change.isPending}>
            {t.action.save}
          </Button>
        </DialogActions>
      </form>
      <UserSessions user={user} onEnd={() => end.mutate()} ending={end.isPending} />
      <form
        className="space-y-4 border-line border-t pt-4"
        onSubmit={(event) => {
          event.preventDefault();
          reset.mutate();
        }}
      >
        <p className="text-muted text-sm">{t.users.resetBody}</p>
        <Field
          label={t.newPassword}
          type="password"
          autoComplete="new-password"
          required
          hint={t.passwordRule}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          fault={fault?.of("password")}
        />
        <Fault fault={reset.error} fields={["password"]} />
        <DialogActions>
          <Button type="submit" look="danger" busy={reset.isPending}>
            {t.users.reset}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function UserSessions({ user, onEnd, ending }: { user: User; onEnd: () => void; ending: boolean }) {
  const t = useTexts();
  const sessions = useQuery({ ...userSessionsQuery(user.id), staleTime: 0 });
  return (
    <section className="space-y-2 border-line border-t pt-4" aria-label={t.account.sessions}>
      <h3 className="font-medium text-sm">{t.account.sessions}</h3>
      <Fault fault={sessions.error} />
      {sessions.isPending && <Loading />}
      {sessions.data?.length === 0 && <p className="text-muted text-sm">{t.users.noSessions}</p>}
      {sessions.data && sessions.data.length > 0 && (
        <>
          <ul className="max-h-40 space-y-1 overflow-y-auto text-sm">
            {sessions.data.map(({ id, sourceAddress, lastUsedAt, userAgent }) => (
              <li key={id} className="flex flex-wrap justify-between gap-x-3" title={userAgent}>
                <span className="font-mono">{sourceAddress}</span>
                <span className="text-muted">
                  <Ago at={lastUsedAt} />
                </span>
              </li>
            ))}
          </ul>
          <Button onClick={onEnd} busy={ending}>
            {t.users.endSessions}
          </Button>
        </>
      )}
    </section>
  );
}

function RemoveUser({ user, onClose }: { user: User; onClose: () => void }) {
  const t = useTexts();
  const done = useDone(onClose);
  const removal = useMutation({
    mutationFn: () => api.DELETE("/api/users/{id}", { params: { path: { id: user.id } } }),
    onSuccess: () => done(t.users.removed(user.username)),
  });
  return (
    <Confirm
      title={t.users.removeTitle(user.username)}
      action={t.action.remove}
      busy={removal.isPending}
      fault={removal.error}
      onClose={onClose}
      onConfirm={() => removal.mutate()}
    >
      <p>{t.users.removeBody}</p>
    </Confirm>
  );
}
