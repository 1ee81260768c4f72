// One Proxmox cluster: its nodes, those that are not spokes yet and their commands, what people noted about it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { ApiError, api, body } from "@/api/client";
import { clusterQuery } from "@/api/queries";
import type { Cluster, IssuedToken } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { IssuedTable } from "@/parts/issued_table";
import { useMay } from "@/shell/session";
import { ClusterBadge, SpokeBadge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Facts, Page, Panel } from "@/ui/panel";
import { Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { useToast } from "@/ui/toast";

export function ClusterPage() {
  const t = useTexts();
  const { id = "" } = useParams();
  const operator = useMay("operator");
  const [asking, setAsking] = useState<"edit" | "remove" | null>(null);
  const found = useQuery(clusterQuery(id));
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => body(api.POST("/api/proxmox/clusters/{id}/tokens", { params: { path: { id } }, body: {} })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["cluster", id] }),
  });
  if (found.error instanceof ApiError && found.error.status === 404)
    return <Empty title={t.error.page} hint={t.error.pageHint} />;
  if (!found.data) return found.error ? <Fault fault={found.error} retry={() => found.refetch()} /> : <Loading />;
  const { cluster, nodes, missingNodes } = found.data;
  const unserved = missingNodes.filter(({ tokenId }) => tokenId === null);
  return (
    <Page
      title={
        <span className="inline-flex flex-wrap items-center gap-3">
          <bdi className="min-w-0 break-all">{cluster.clusterName}</bdi>
          <ClusterBadge status={cluster.status} />
        </span>
      }
      actions={
        operator && (
          <>
            <Button onClick={() => setAsking("edit")}>{t.clusters.edit}</Button>
            {cluster.nodeCount === 0 && (
              <Button look="danger" onClick={() => setAsking("remove")}>
                {t.clusters.remove}
              </Button>
            )}
          </>
        )
      }
    >
      <Panel>
        <Facts
          facts={[
            [t.clusters.datacenter, <bdi key="d">{cluster.datacenter ?? "–"}</bdi>],
            [t.clusters.description, <bdi key="n">{cluster.description ?? "–"}</bdi>],
            [
              t.clusters.quorum,
              cluster.quorate === null
                ? t.clusters.unknown
                : cluster.quorate
                  ? t.clusters.quorate
                  : t.clusters.notQuorate,
            ],
          ]}
        />
      </Panel>
      {nodes.length > 0 && (
        <Table
          label={t.clusters.nodes}
          rows={nodes}
          rowKey={({ id: node }) => node}
          columns={[
            {
              head: t.clusters.node,
              cell: (node) => (
                <>
                  <Link to={`/spokes/${node.id}`} className="font-medium hover:underline">
                    <bdi>{node.proxmoxNodeName ?? node.name}</bdi>
                  </Link>
                  {node.nodeConflict && <span className="block text-bad text-xs">{t.spoke.conflict}</span>}
                </>
              ),
            },
            { head: t.spokes.status, cell: ({ status }) => <SpokeBadge status={status} /> },
            {
              head: t.spokes.address,
              wide: true,
              cell: ({ allowedIPs }) => <span className="font-mono">{allowedIPs[0]?.split("/")[0]}</span>,
            },
            { head: t.spokes.handshake, cell: ({ lastHandshake }) => <Ago at={lastHandshake} /> },
          ]}
        />
      )}
      <Panel
        title={t.clusters.missing}
        actions={
          operator &&
          unserved.length > 0 && (
            <Button look="primary" busy={make.isPending} onClick={() => make.mutate()}>
              {t.clusters.makeCommands}
            </Button>
          )
        }
      >
        <div className="space-y-3">
          <Fault fault={make.error} />
          {missingNodes.length === 0 && <p className="text-muted">{t.clusters.missingNone}</p>}
          <ul className="space-y-1.5">
            {missingNodes.map((node) => (
              <li key={node.proxmoxNodeName} className="flex flex-wrap gap-x-3">
                <bdi className="font-medium">{node.proxmoxNodeName}</bdi>
                <span className="text-muted">
                  {node.online === null ? t.clusters.unknown : node.online ? t.clusters.online : t.clusters.offline}
                </span>
                {node.tokenId && (
                  <Link to={`/tokens/${node.tokenId}`} className="underline">
                    {t.clusters.pending}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </div>
      </Panel>
      {make.data && <IssuedTable tokens={make.data.tokens as IssuedToken[]} first="proxmox" />}
      {asking === "edit" && <EditCluster cluster={cluster} onClose={() => setAsking(null)} />}
      {asking === "remove" && <RemoveCluster cluster={cluster} onClose={() => setAsking(null)} />}
    </Page>
  );
}

type Notes = { datacenter: string | null; description: string | null };

function EditCluster({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const [datacenter, setDatacenter] = useState(cluster.datacenter ?? "");
  const [description, setDescription] = useState(cluster.description ?? "");
  const put = (notes: Notes) =>
    body(api.PUT("/api/proxmox/clusters/{id}", { params: { path: { id: cluster.id } }, body: notes }));
  const refresh = () =>
    client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "clusters" || queryKey[0] === "cluster" });
  const save = useMutation({
    mutationFn: () => put({ datacenter: datacenter.trim() || null, description: description.trim() || null }),
    onSuccess: () => {
      void refresh();
      const undo = () =>
        put({ datacenter: cluster.datacenter, description: cluster.description }).then(refresh, () =>
          say(t.error.title, { bad: true }),
        );
      say(t.clusters.saved, { undo });
      onClose();
    },
  });
  const fault = save.error instanceof ApiError ? save.error : null;
  return (
    <Dialog title={t.clusters.edit} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field
          label={t.clusters.datacenter}
          value={datacenter}
          onChange={(event) => setDatacenter(event.target.value)}
          fault={fault?.of("datacenter")}
        />
        <Field
          label={t.clusters.description}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          fault={fault?.of("description")}
        />
        <Fault fault={save.error} fields={["datacenter", "description"]} />
        <DialogActions>
          <Button onClick={onClose}>{t.action.cancel}</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            {t.action.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function RemoveCluster({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const t = useTexts();
  const navigate = useNavigate();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => api.DELETE("/api/proxmox/clusters/{id}", { params: { path: { id: cluster.id } } }),
    onSuccess: async () => {
      await navigate("/clusters");
      void client.invalidateQueries({ queryKey: ["clusters"] });
    },
  });
  return (
    <Confirm
      title={t.clusters.removeTitle(cluster.clusterName)}
      action={t.clusters.remove}
      busy={removal.isPending}
      fault={removal.error}
      onClose={onClose}
      onConfirm={() => removal.mutate()}
    >
      <p>{t.clusters.removeBody}</p>
    </Confirm>
  );
}
