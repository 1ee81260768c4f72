// Tokens by their state; what became of each installation; revocation.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api } from "@/api/client";
import { tokensQuery } from "@/api/queries";
import type { Token, TokenState } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { useMay } from "@/shell/session";
import { TokenBadge } from "@/ui/badge";
import { Button, LinkButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Page } from "@/ui/panel";
import { Table } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";

const STATES: TokenState[] = ["unused", "claimed", "registered", "expired", "revoked"];
const STEP = 100;
const open = (token: Token) => token.state === "unused" || token.state === "claimed";
const failed = (token: Token) => open(token) && Boolean(token.progress?.code);

export function TokensPage() {
  const t = useTexts();
  const operator = useMay("operator");
  const tokens = useQuery(tokensQuery);
  const [address, setAddress] = useSearchParams();
  const [shown, setShown] = useState(STEP);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const state = (address.get("state") ?? "") as TokenState | "failed" | "";
  const listed =
    tokens.data?.filter((token) => !state || (state === "failed" ? failed(token) : token.state === state)) ?? [];
  return (
    <Page
      title={t.tokens.title}
      intro={t.tokens.intro}
      actions={
        operator && (
          <LinkButton to="/add" look="primary">
            {t.spokes.add}
          </LinkButton>
        )
      }
    >
      <Fault fault={tokens.error} retry={() => tokens.refetch()} />
      {tokens.isPending && <Loading />}
      {tokens.data?.length === 0 && <Empty title={t.tokens.empty} hint={t.tokens.emptyHint} />}
      {tokens.data && tokens.data.length > 0 && (
        <Tabs
          label={t.tokens.state}
          value={state || "any"}
          onChange={(next) => setAddress(next === "any" ? {} : { state: next }, { replace: true })}
          tabs={[
            ["any", t.spokes.any],
            ["failed", t.tokens.failedOnes],
            ...STATES.map((each): [TokenState, string] => [each, t.tokenState[each]]),
          ]}
        >
          {listed.length === 0 ? (
            <Empty title={t.tokens.none} />
          ) : (
            <Table
              label={t.tokens.title}
              rows={listed.slice(0, shown)}
              rowKey={({ id }) => id}
              columns={[
                {
                  head: t.tokens.name,
                  cell: (token) => (
                    <>
                      <Link
                        to={`/tokens/${token.id}`}
                        className="block max-w-56 truncate font-medium hover:underline max-sm:max-w-36"
                      >
                        <bdi>{token.spokeName}</bdi>
                      </Link>
                      {failed(token) && (
                        <span className="block text-bad text-xs sm:hidden">{token.progress?.reason}</span>
                      )}
                    </>
                  ),
                },
                { head: t.tokens.state, cell: (token) => <TokenBadge state={token.state} /> },
                {
                  head: t.tokens.address,
                  wide: true,
                  cell: (token) => <span className="font-mono">{token.allowedIPs[0]?.split("/")[0]}</span>,
                },
                { head: t.tokens.created, wide: true, cell: (token) => <Ago at={token.createdAt} /> },
                { head: t.tokens.expires, wide: true, cell: (token) => <Ago at={token.expiresAt} /> },
                {
                  head: t.tokens.progress,
                  wide: true,
                  cell: ({ progress }) =>
                    progress &&
                    (progress.code === 0 ? (
                      t.stage[progress.stage]
                    ) : (
                      <span className="text-bad">{t.tokens.failed(t.stage[progress.stage], progress.reason)}</span>
                    )),
                },
                ...(operator
                  ? [
                      {
                        head: t.action.revoke,
                        cell: (token: Token) =>
                          open(token) && (
                            <Button look="danger" onClick={() => setRevoking(token)}>
                              {t.action.revoke}
                            </Button>
                          ),
                      },
                    ]
                  : []),
              ]}
            />
          )}
          {listed.length > shown && (
            <div className="pt-3 text-center">
              <Button onClick={() => setShown(shown + STEP)}>{t.action.more}</Button>
            </div>
          )}
        </Tabs>
      )}
      {revoking && <RevokeToken token={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

export function RevokeToken({ token, onClose }: { token: Token; onClose: () => void }) {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.DELETE("/api/installation/token/{id}", { params: { path: { id: token.id } } }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["tokens"] });
      void client.invalidateQueries({ queryKey: ["token", token.id] });
      say(t.tokens.revoked(token.spokeName));
      onClose();
    },
  });
  return (
    <Confirm
      title={t.tokens.revokeTitle(token.spokeName)}
      action={t.action.revoke}
      busy={revoke.isPending}
      fault={revoke.error}
      onClose={onClose}
      onConfirm={() => revoke.mutate()}
    >
      <p>{t.tokens.revokeBody}</p>
    </Confirm>
  );
}
