// One spoke: its tunnel, its machine, how its installation went, what was done to it; removal and a new command.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { ApiError, api, body } from "@/api/client";
import { spokeQuery, tokenQuery } from "@/api/queries";
import type { IssuedToken, Spoke } from "@/api/types";
import { formatBytes } from "@/i18n/format";
import { useLanguage } from "@/i18n/texts";
import { Instructions } from "@/parts/instructions";
import { Timeline } from "@/parts/timeline";
import { useMay } from "@/shell/session";
import { SpokeBadge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyBox } from "@/ui/copy";
import { Empty, Fault, Loading, Notice } from "@/ui/notice";
import { Facts, Page, Panel } from "@/ui/panel";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";
import { History } from "./history";

const UNINSTALL: Record<Spoke["os"], string> = {
  linux: "sudo /usr/local/sbin/wghub-uninstall",
  proxmox: "/usr/local/sbin/wghub-uninstall",
  macos: "sudo /usr/local/sbin/wghub-uninstall",
  windows: 'powershell -ExecutionPolicy Bypass -File "$env:ProgramData\\wghub-spoke\\uninstall.ps1"',
};

export function SpokePage() {
  const { id = "" } = useParams();
  const { t, language } = useLanguage();
  const operator = useMay("operator");
  const admin = useMay("admin");
  const [asking, setAsking] = useState<"remove" | "reissue" | null>(null);
  const [issued, setIssued] = useState<IssuedToken | null>(null);
  const found = useQuery(spokeQuery(id));
  const tokenId = found.data?.spoke.tokenId;
  const token = useQuery({ ...tokenQuery(tokenId ?? ""), enabled: Boolean(tokenId) });
  if (found.error instanceof ApiError && found.error.status === 404) return <Empty title={t.spoke.gone} />;
  if (!found.data) return found.error ? <Fault fault={found.error} retry={() => found.refetch()} /> : <Loading />;
  const { spoke, wireguardPeer: peer } = found.data;
  const told = Object.entries(spoke.metadata ?? {}).filter(([, value]) => value !== null && value !== "");
  return (
    <Page
      title={
        <span className="inline-flex flex-wrap items-center gap-3">
          <bdi className="min-w-0 break-all">{spoke.name}</bdi>
          <SpokeBadge status={spoke.status} />
        </span>
      }
      actions={
        operator && (
          <>
            <Button onClick={() => setAsking("reissue")}>{t.spoke.newKey}</Button>
            <Button look="danger" onClick={() => setAsking("remove")}>
              {t.spoke.remove}
            </Button>
          </>
        )
      }
    >
      {issued && (
        <Panel title={t.add.instructions(spoke.name)}>
          <Instructions issued={issued} first={spoke.isProxmox ? "proxmox" : spoke.os} />
        </Panel>
      )}
      <div className="grid gap-5 lg:grid-cols-2">
        <Panel title={t.spoke.peer}>
          {peer ? (
            <Facts
              facts={[
                [t.spokes.handshake, <Ago key="at" at={peer.latestHandshake ?? spoke.lastHandshake} />],
                [
                  t.spokes.address,
                  <span key="ips" className="font-mono">
                    {peer.allowedIPs.join(", ")}
                  </span>,
                ],
                [
                  t.spoke.from,
                  <span key="from" className="break-all font-mono">
                    {peer.endpoint ?? "–"}
                  </span>,
                ],
                [t.spoke.received, formatBytes(peer.transferRx, language)],
                [t.spoke.sent, formatBytes(peer.transferTx, language)],
                [t.spoke.keepalive, t.spoke.seconds(peer.persistentKeepalive)],
                [
                  t.spokes.key,
                  <span key="key" className="break-all font-mono text-sm">
                    {spoke.publicKey}
                  </span>,
                ],
              ]}
            />
          ) : (
            <Notice kind="warn">{t.spoke.noPeer}</Notice>
          )}
        </Panel>
        <Panel title={t.spoke.machine}>
          <Facts
            facts={[
              [t.spokes.os, spoke.isProxmox ? t.platform.proxmox : t.platform[spoke.os]],
              [t.spoke.registered, <Ago key="at" at={spoke.registeredAt} />],
              ...(spoke.proxmoxNodeName
                ? ([[t.clusters.node, <bdi key="node">{spoke.proxmoxNodeName}</bdi>]] as [string, React.ReactNode][])
                : []),
              ...told.map(([name, value]): [string, React.ReactNode] => [
                name,
                <bdi key={name}>{typeof value === "object" ? JSON.stringify(value) : String(value)}</bdi>,
              ]),
            ]}
          />
        </Panel>
        <Panel title={t.spoke.timeline}>
          <Fault fault={token.error instanceof ApiError && token.error.status === 404 ? null : token.error} />
          {token.data && token.data.timeline.length > 0 ? (
            <Timeline reports={token.data.timeline} />
          ) : (
            <p className="text-muted">{t.spoke.noTimeline}</p>
          )}
        </Panel>
        {admin && (
          <Panel title={t.spoke.history}>
            <History target={spoke.id} />
          </Panel>
        )}
      </div>
      {asking === "remove" && <RemoveSpoke spoke={spoke} onClose={() => setAsking(null)} />}
      {asking === "reissue" && (
        <Reissue
          spoke={spoke}
          onClose={() => setAsking(null)}
          onIssued={(made) => {
            setIssued(made);
            setAsking(null);
          }}
        />
      )}
    </Page>
  );
}

function RemoveSpoke({ spoke, onClose }: { spoke: Spoke; onClose: () => void }) {
  const { t } = useLanguage();
  const say = useToast();
  const navigate = useNavigate();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => api.DELETE("/api/spoke/{id}", { params: { path: { id: spoke.id } } }),
    onSuccess: async () => {
      await navigate("/spokes");
      client.setQueryData<Spoke[]>(["spokes"], (list) => list?.filter(({ id }) => id !== spoke.id));
      say(t.spokes.removed(spoke.name));
    },
  });
  return (
    <Confirm
      title={t.spoke.removeTitle(spoke.name)}
      action={t.spoke.remove}
      typed={{ label: t.spoke.typeName, value: spoke.name }}
      busy={removal.isPending}
      fault={removal.error}
      onClose={onClose}
      onConfirm={() => removal.mutate()}
    >
      <p>{t.spoke.removeBody}</p>
      <p>{t.spoke.uninstall}</p>
      <CopyBox text={UNINSTALL[spoke.isProxmox ? "proxmox" : spoke.os]} label={t.spoke.uninstall} />
    </Confirm>
  );
}

function Reissue({
  spoke,
  onClose,
  onIssued,
}: {
  spoke: Spoke;
  onClose: () => void;
  onIssued: (issued: IssuedToken) => void;
}) {
  const { t } = useLanguage();
  const reissue = useMutation({
    mutationFn: () =>
      body(api.POST("/api/installation/token/{id}/reissue", { params: { path: { id: spoke.tokenId } } })),
    onSuccess: (made) => onIssued(made as IssuedToken),
  });
  return (
    <Confirm
      title={t.spoke.newKeyTitle(spoke.name)}
      action={t.spoke.newKey}
      danger={false}
      busy={reissue.isPending}
      fault={reissue.error}
      onClose={onClose}
      onConfirm={() => reissue.mutate()}
    >
      <p>{t.spoke.newKeyBody}</p>
    </Confirm>
  );
}
