-- Clusters know their nodes by name, those without a spoke too, as nodes tell it when they register.

ALTER TABLE proxmox_clusters ADD COLUMN quorate BIGINT CHECK (quorate IN (0, 1));  -- as told last; null: nobody said
ALTER TABLE proxmox_clusters ADD COLUMN told_at BIGINT;                            -- when a node told its members last
DROP INDEX proxmox_clusters_name;
CREATE INDEX proxmox_clusters_name ON proxmox_clusters (cluster_name, created_at, id);
CREATE INDEX proxmox_clusters_newest ON proxmox_clusters (created_at, id);

-- One row per known node; nodes of one cluster have different names. Untrusted, but in the form of a host name.
CREATE TABLE proxmox_cluster_nodes (
  cluster_id     TEXT   NOT NULL REFERENCES proxmox_clusters (id),  -- whose node
  node_name      TEXT   NOT NULL,                                   -- up to its first dot
  cluster_name   TEXT   NOT NULL,                                   -- the cluster's, so that one index finds both names
  online         BIGINT CHECK (online IN (0, 1)),                   -- as told last; null: nobody said
  told_at        BIGINT NOT NULL,                                   -- when it was named last
  token_spoke_id TEXT,                                              -- spoke that a token was made for in its name
  PRIMARY KEY (cluster_id, node_name)
);
CREATE INDEX proxmox_cluster_nodes_name ON proxmox_cluster_nodes (cluster_name, node_name);

INSERT INTO proxmox_cluster_nodes (cluster_id, node_name, cluster_name, told_at)
  SELECT cluster.id, proxmox_node_name, cluster_name, MAX(registered_at)
  FROM spoke_registrations JOIN proxmox_clusters AS cluster ON cluster.id = proxmox_cluster_id
  WHERE removed_at IS NULL AND proxmox_node_name IS NOT NULL
  GROUP BY cluster.id, proxmox_node_name, cluster_name;

-- Nodes of a cluster by name, and how many are in which state without a look at their rows.
CREATE INDEX spoke_registrations_node ON spoke_registrations (proxmox_cluster_id, proxmox_node_name)
  WHERE is_proxmox = 1 AND removing_at IS NULL;
CREATE INDEX spoke_registrations_node_status ON spoke_registrations (proxmox_cluster_id, status)
  WHERE is_proxmox = 1 AND removing_at IS NULL;
