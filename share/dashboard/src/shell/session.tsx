// Who is signed in, and what he may. Asks for the password again where the hub wants that (step-up).
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";
import { api, body, setCsrfToken, setStepUp } from "@/api/client";
import { follow } from "@/api/events";
import type { Role, Self } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { ProofForm } from "@/parts/proof_form";
import { Dialog } from "@/ui/dialog";

const Context = createContext<Self | null>(null);
const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export function useSelf(): Self {
  const self = useContext(Context);
  if (!self) throw new Error("outside a session");
  return self;
}
/** Whether the person has at least this role. The hub decides; this only leaves out what would be refused. */
export function useMay(role: Role): boolean {
  return RANK[useSelf().role] >= RANK[role];
}

export function SessionProvider({ self, children }: { self: Self; children: ReactNode }) {
  const t = useTexts();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const answer = useRef<((proven: boolean) => void) | null>(null);
  const done = useCallback((proven: boolean) => {
    answer.current?.(proven);
    answer.current = null;
    setAsking(false);
  }, []);
  useEffect(() => follow(client), [client]);
  useEffect(() => {
    setStepUp(
      () =>
        new Promise((resolve) => {
          answer.current?.(false); // one question at a time
          answer.current = resolve;
          setAsking(true);
        }),
    );
    return () => setStepUp(null);
  }, []);
  return (
    <Context value={self}>
      {children}
      {asking && (
        <Dialog title={t.signIn.stepUp} onClose={() => done(false)}>
          <p className="text-muted">{t.signIn.stepUpHint}</p>
          <ProofForm
            submit={t.signIn.confirm}
            prove={async (password, totp) => {
              const signIn = await body(api.POST("/api/auth/step-up", { body: { password, ...(totp && { totp }) } }));
              setCsrfToken(signIn?.csrfToken ?? null);
              done(true);
            }}
          />
        </Dialog>
      )}
    </Context>
  );
}
