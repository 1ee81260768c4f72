import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router";
import { ApiError, api, body } from "@/api/client";
import { tokenQuery } from "@/api/queries";
import type { IssuedToken } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { Instructions } from "@/parts/instructions";
import { Timeline } from "@/parts/timeline";
import { useMay } from "@/shell/session";
import { TokenBadge } from "@/ui/badge";
import { Button, LinkButton } from "@/ui/button";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Facts, Page, Panel } from "@/ui/panel";
import { Ago } from "@/ui/time";
import { RevokeToken } from "./tokens_page";

/** One token: how its installation went, and a new command where that failed. */
export function TokenPage() {
  const t = useTexts();
  const { id = "" } = useParams();
  const operator = useMay("operator");
  const [revoking, setRevoking] = useState(false);
  const found = useQuery(tokenQuery(id));
  const reissue = useMutation({
    mutationFn: () => body(api.POST("/api/installation/token/{id}/reissue", { params: { path: { id } } })),
  });
  if (found.error instanceof ApiError && found.error.status === 404)
    return <Empty title={t.error.page} hint={t.error.pageHint} />;
  if (!found.data) return found.error ? <Fault fault={found.error} retry={() => found.refetch()} /> : <Loading />;
  const { token, timeline } = found.data;
  const open = token.state === "unused" || token.state === "claimed";
  return (
    <Page
      title={
        <span className="inline-flex flex-wrap items-center gap-3">
          <bdi className="min-w-0 break-all">{token.spokeName}</bdi>
          <TokenBadge state={token.state} />
        </span>
      }
      actions={
        <>
          {token.state === "registered" && <LinkButton to={`/spokes/${token.spokeId}`}>{t.add.open}</LinkButton>}
          {operator && token.state !== "revoked" && token.state !== "registered" && (
            <Button busy={reissue.isPending} onClick={() => reissue.mutate()}>
              {t.action.reissue}
            </Button>
          )}
          {operator && open && (
            <Button look="danger" onClick={() => setRevoking(true)}>
              {t.action.revoke}
            </Button>
          )}
        </>
      }
    >
      <Fault fault={reissue.error} />
      {reissue.data && (
        <Panel title={t.add.instructions(token.spokeName)}>
          <Instructions issued={reissue.data as IssuedToken} first="linux" />
        </Panel>
      )}
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Panel title={t.tokens.details}>
          <Facts
            facts={[
              [
                t.tokens.address,
                <span key="a" className="font-mono">
                  {token.allowedIPs.join(", ")}
                </span>,
              ],
              [t.tokens.created, <Ago key="c" at={token.createdAt} />],
              [t.tokens.expires, <Ago key="e" at={token.expiresAt} />],
            ]}
          />
        </Panel>
        <Panel title={t.spoke.timeline}>
          {timeline.length > 0 ? <Timeline reports={timeline} /> : <p className="text-muted">{t.spoke.noTimeline}</p>}
        </Panel>
      </div>
      {revoking && <RevokeToken token={token} onClose={() => setRevoking(false)} />}
    </Page>
  );
}
