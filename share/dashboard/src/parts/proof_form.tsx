// Password and, once the hub says that it wants one, the code of the second factor.
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Fault } from "@/ui/notice";

type Props = { submit: string; prove: (password: string, totp: string) => Promise<void>; children?: ReactNode };

export function ProofForm({ submit, prove, children }: Props) {
  const t = useTexts();
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const [wantsTotp, setWantsTotp] = useState(false);
  const proof = useMutation({
    mutationFn: () => prove(password, totp.trim()),
    onError: (fault) => {
      if (fault instanceof ApiError && fault.code.startsWith("TOTP_")) setWantsTotp(true);
    },
  });
  const asksFirst = proof.error instanceof ApiError && proof.error.code === "TOTP_REQUIRED" && !totp;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        proof.mutate();
      }}
    >
      {children}
      <Field
        label={t.password}
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {wantsTotp && (
        <Field
          label={t.signIn.totp}
          hint={t.signIn.totpHint}
          autoComplete="one-time-code"
          required
          autoFocus
          value={totp}
          onChange={(event) => setTotp(event.target.value)}
        />
      )}
      {!asksFirst && <Fault fault={proof.error} />}
      <Button type="submit" look="primary" className="w-full" busy={proof.isPending}>
        {submit}
      </Button>
    </form>
  );
}
