import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { clustersQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { ClusterBadge } from "@/ui/badge";
import { Empty, Fault, Loading } from "@/ui/notice";
import { Page } from "@/ui/panel";
import { Table } from "@/ui/table";

export function ClustersPage() {
  const t = useTexts();
  const clusters = useQuery(clustersQuery);
  return (
    <Page title={t.clusters.title}>
      <Fault fault={clusters.error} retry={() => clusters.refetch()} />
      {clusters.isPending && <Loading />}
      {clusters.data?.length === 0 && <Empty title={t.clusters.empty} hint={t.clusters.emptyHint} />}
      {clusters.data && clusters.data.length > 0 && (
        <Table
          label={t.clusters.title}
          rows={clusters.data}
          rowKey={({ id }) => id}
          columns={[
            {
              head: t.clusters.name,
              cell: ({ id, clusterName }) => (
                <Link to={`/clusters/${id}`} className="font-medium hover:underline">
                  <bdi>{clusterName}</bdi>
                </Link>
              ),
            },
            { head: t.clusters.status, cell: ({ status }) => <ClusterBadge status={status} /> },
            {
              head: t.clusters.nodes,
              cell: ({ nodeCount, activeNodes }) => (
                <span className="tabular-nums">
                  {activeNodes} / {nodeCount}
                </span>
              ),
            },
            {
              head: t.clusters.quorum,
              wide: true,
              cell: ({ quorate }) =>
                quorate === null ? (
                  t.clusters.unknown
                ) : quorate ? (
                  t.clusters.quorate
                ) : (
                  <span className="text-bad">{t.clusters.notQuorate}</span>
                ),
            },
            { head: t.clusters.datacenter, wide: true, cell: ({ datacenter }) => <bdi>{datacenter ?? "–"}</bdi> },
          ]}
        />
      )}
    </Page>
  );
}
