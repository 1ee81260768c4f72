// A target is added or changed. Its address stays as it is: the hub does not show all of it again. The signing key is shown once.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError, api, body } from "@/api/client";
import { ALERT_KINDS, type AlertKind, type AlertTarget } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { Button } from "@/ui/button";
import { CopyBox } from "@/ui/copy";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, SelectField } from "@/ui/field";
import { Fault, Notice } from "@/ui/notice";
import { useToast } from "@/ui/toast";

const FIELDS = ["name", "address"];
const NIGHT = { from: "22:00", until: "07:00" };
type Wish = Pick<AlertTarget, "name" | "kinds" | "quietHours">;

export function AddTarget({ hubTime, onClose }: { hubTime: string; onClose: () => void }) {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const [wish, setWish] = useState<Wish>({ name: "", kinds: [...ALERT_KINDS], quietHours: null });
  const [channel, setChannel] = useState<AlertTarget["channel"]>("webhook");
  const [address, setAddress] = useState("");
  const create = useMutation({
    mutationFn: () => body(api.POST("/api/alerts/targets", { body: { ...wish, channel, address: address.trim() } })),
    onSuccess: ({ target, signingKey }) => {
      void client.invalidateQueries({ queryKey: ["alert-targets"] });
      if (signingKey) return;
      say(t.alerts.added(target.name));
      onClose();
    },
  });
  const fault = create.error instanceof ApiError ? create.error : null;
  if (create.data?.signingKey) {
    return (
      <Dialog title={create.data.target.name} onClose={onClose}>
        <Notice kind="warn">
          <p className="font-medium">{t.alerts.key}</p>
          <p>{t.alerts.keyHint}</p>
        </Notice>
        <CopyBox text={create.data.signingKey} label={t.alerts.key} primary />
      </Dialog>
    );
  }
  return (
    <Dialog title={t.alerts.add} onClose={onClose}>
      <TargetForm
        wish={wish}
        onWish={setWish}
        hubTime={hubTime}
        submit={t.action.add}
        busy={create.isPending}
        fault={create.error}
        onSubmit={() => create.mutate()}
        onClose={onClose}
      >
        <SelectField
          label={t.alerts.by}
          value={channel}
          onChange={(event) => setChannel(event.target.value as AlertTarget["channel"])}
          options={(["webhook", "mail"] as const).map((each) => [each, t.alerts.channel[each]])}
        />
        <Field
          label={t.alerts.address[channel]}
          hint={t.alerts.addressHint[channel]}
          type={channel === "mail" ? "email" : "url"}
          dir="ltr"
          required
          maxLength={1024}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          fault={fault?.of("address")}
        />
      </TargetForm>
    </Dialog>
  );
}

export function EditTarget({
  target,
  hubTime,
  onClose,
}: {
  target: AlertTarget;
  hubTime: string;
  onClose: () => void;
}) {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const [wish, setWish] = useState<Wish>({ name: target.name, kinds: target.kinds, quietHours: target.quietHours });
  const change = useMutation({
    mutationFn: () => body(api.PUT("/api/alerts/targets/{id}", { params: { path: { id: target.id } }, body: wish })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["alert-targets"] });
      say(t.alerts.saved(wish.name));
      onClose();
    },
  });
  return (
    <Dialog title={t.alerts.edit} onClose={onClose}>
      <TargetForm
        wish={wish}
        onWish={setWish}
        hubTime={hubTime}
        submit={t.action.save}
        busy={change.isPending}
        fault={change.error}
        onSubmit={() => change.mutate()}
        onClose={onClose}
      />
    </Dialog>
  );
}

function TargetForm({
  wish,
  onWish,
  hubTime,
  submit,
  busy,
  fault,
  onSubmit,
  onClose,
  children,
}: {
  wish: Wish;
  onWish: (wish: Wish) => void;
  hubTime: string;
  submit: string;
  busy: boolean;
  fault: unknown;
  onSubmit: () => void;
  onClose: () => void;
  children?: ReactNode;
}) {
  const t = useTexts();
  const error = fault instanceof ApiError ? fault : null;
  const quiet = wish.quietHours;
  const noPart = quiet?.from === quiet?.until && quiet ? t.alerts.quietSame : undefined;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (wish.kinds.length > 0 && !noPart) onSubmit();
      }}
    >
      <Field
        label={t.alerts.name}
        hint={t.alerts.nameHint}
        required
        maxLength={64}
        value={wish.name}
        onChange={(event) => onWish({ ...wish, name: event.target.value })}
        fault={error?.of("name")}
      />
      {children}
      <Kinds kinds={wish.kinds} onKinds={(kinds) => onWish({ ...wish, kinds })} />
      <fieldset className="space-y-2">
        <legend className="mb-1 font-medium text-sm">{t.alerts.quiet}</legend>
        <label className="flex min-h-7 items-center gap-2">
          <input
            type="checkbox"
            checked={quiet !== null}
            onChange={(event) => onWish({ ...wish, quietHours: event.target.checked ? NIGHT : null })}
          />
          {t.alerts.quietWanted}
        </label>
        {quiet && (
          <div className="grid grid-cols-2 gap-3">
            <Field
              label={t.alerts.from}
              type="time"
              required
              value={quiet.from}
              onChange={(event) => onWish({ ...wish, quietHours: { ...quiet, from: event.target.value } })}
            />
            <Field
              label={t.alerts.until}
              type="time"
              required
              value={quiet.until}
              onChange={(event) => onWish({ ...wish, quietHours: { ...quiet, until: event.target.value } })}
              fault={noPart}
            />
          </div>
        )}
        <p className="text-muted text-sm">{t.alerts.quietHint(hubTime)}</p>
      </fieldset>
      <Fault fault={fault} fields={FIELDS} />
      <DialogActions>
        <Button onClick={onClose}>{t.action.cancel}</Button>
        <Button type="submit" look="primary" busy={busy} disabled={wish.kinds.length === 0}>
          {submit}
        </Button>
      </DialogActions>
    </form>
  );
}

function Kinds({ kinds, onKinds }: { kinds: AlertKind[]; onKinds: (kinds: AlertKind[]) => void }) {
  const t = useTexts();
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-sm">{t.alerts.kinds}</legend>
      {ALERT_KINDS.map((kind) => (
        <label key={kind} className="flex min-h-7 items-center gap-2">
          <input
            type="checkbox"
            checked={kinds.includes(kind)}
            onChange={(event) =>
              onKinds(ALERT_KINDS.filter((each) => (each === kind ? event.target.checked : kinds.includes(each))))
            }
          />
          {t.alerts.kindLong[kind]}
        </label>
      ))}
      {kinds.length === 0 && (
        <p role="alert" className="mt-1 text-bad text-sm">
          {t.alerts.noKind}
        </p>
      )}
    </fieldset>
  );
}
