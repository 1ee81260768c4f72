// The first admin, made by who has the set-up code.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, body } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { Door } from "@/shell/door";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Fault } from "@/ui/notice";

export function SetupPage() {
  const t = useTexts();
  const client = useQueryClient();
  const [setupCode, setSetupCode] = useState("");
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  const setup = useMutation({
    mutationFn: () => body(api.POST("/api/setup", { body: { setupCode: setupCode.trim(), username, password } })),
    onSuccess: (signIn) => {
      client.setQueryData(["setup"], { required: false });
      client.setQueryData(["me"], signIn);
    },
  });
  const fault = setup.error instanceof ApiError ? setup.error : null;
  const codeFault = fault?.code === "INVALID_SETUP_CODE" ? fault.body.error : fault?.of("setupCode");
  return (
    <Door title={t.setup.title} intro={t.setup.intro}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          setup.mutate();
        }}
      >
        <Field
          label={t.setup.code}
          hint={t.setup.codeHint}
          required
          autoFocus
          className="font-mono"
          value={setupCode}
          onChange={(event) => setSetupCode(event.target.value)}
          fault={codeFault}
        />
        <Field
          label={t.username}
          autoComplete="username"
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
        {!codeFault && <Fault fault={setup.error} fields={["setupCode", "username", "password"]} />}
        <Button type="submit" look="primary" className="w-full" busy={setup.isPending}>
          {t.setup.submit}
        </Button>
      </form>
    </Door>
  );
}
