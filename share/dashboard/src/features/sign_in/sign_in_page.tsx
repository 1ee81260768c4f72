import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { ProofForm } from "@/parts/proof_form";
import { Door } from "@/shell/door";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";

export function SignInPage({ ended }: { ended: boolean }) {
  const t = useTexts();
  const client = useQueryClient();
  const [username, setUsername] = useState("");
  return (
    <Door title={t.signIn.title}>
      {ended && <Notice kind="warn">{t.connection.sessionEnded}</Notice>}
      <ProofForm
        submit={t.signIn.submit}
        prove={async (password, totp) => {
          const signIn = await body(
            api.POST("/api/auth/login", { body: { username, password, ...(totp && { totp }) } }),
          );
          client.setQueryData(["me"], signIn);
        }}
      >
        <Field
          label={t.username}
          autoComplete="username"
          required
          autoFocus
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
      </ProofForm>
    </Door>
  );
}
