// Asks before what cannot be undone; where it weighs much, the person types something first.
import { type ReactNode, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { Field } from "./field";
import { Fault } from "./notice";

type Props = {
  title: string;
  children: ReactNode;
  action: string;
  typed?: { label: string; value: string };
  busy: boolean;
  fault: unknown;
  onClose: () => void;
  onConfirm: () => void;
  danger?: boolean;
};

export function Confirm({ title, children, action, typed, busy, fault, onClose, onConfirm, danger = true }: Props) {
  const t = useTexts();
  const [text, setText] = useState("");
  const ready = !typed || text.normalize() === typed.value.normalize();
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm();
        }}
      >
        {children}
        {typed && (
          <Field
            label={typed.label}
            value={text}
            onChange={(event) => setText(event.target.value)}
            placeholder={typed.value}
          />
        )}
        <Fault fault={fault} />
        <DialogActions>
          <Button onClick={onClose}>{t.action.cancel}</Button>
          <Button type="submit" look={danger ? "danger" : "primary"} disabled={!ready} busy={busy}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
