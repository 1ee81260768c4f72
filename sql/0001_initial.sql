-- The first schema: hub, installation tokens, spokes, clusters, accounts, audit trail, address pool, clock.
-- Written in what SQLite and PostgreSQL share; what only SQLite has is in 0001_initial.sqlite.sql.
-- Times are epoch seconds, UTC. Truth values are 0 or 1. Hashes are SHA-256 as 64 lower-case hex digits.
-- Public keys are base64, 44 characters. Lists are JSON arrays of texts.

CREATE TABLE hub_config (
  id                BIGINT PRIMARY KEY CHECK (id = 1),  -- one row
  interface_address TEXT   NOT NULL,                    -- the hub's own address with the prefix: 10.0.1.1/24
  listen_port       BIGINT NOT NULL,                    -- UDP port of the interface
  public_key        TEXT   NOT NULL,                    -- the private one is the engine's alone
  network_cidr      TEXT   NOT NULL,                    -- 10.0.1.0/24
  dns               TEXT   NOT NULL,                    -- what spokes are told: ["1.1.1.1","8.8.8.8"]
  endpoint          TEXT   NOT NULL,                    -- what spokes are told: host:port
  created_at        BIGINT NOT NULL,                    -- initialised
  updated_at        BIGINT NOT NULL                     -- endpoint or dns changed
);

-- One row per token ever made; an expired one stays unused or claimed here, the clock says that it is expired.
CREATE TABLE installation_tokens (
  id                   TEXT   PRIMARY KEY,            -- UUID
  token_hash           TEXT   NOT NULL UNIQUE,        -- hash of the token text; the text itself is stored nowhere
  spoke_id             TEXT   NOT NULL,               -- UUID that the spoke will have
  spoke_name           TEXT   NOT NULL,               -- as the admin typed it
  address              TEXT   NOT NULL,               -- the spoke's address: 10.0.1.5
  allowed_ips          TEXT   NOT NULL,               -- the same as the API shows it: ["10.0.1.5/24"]
  holds_address        BIGINT NOT NULL CHECK (holds_address IN (0, 1)),  -- this row keeps the address from others
  state                TEXT   NOT NULL CHECK (state IN ('unused', 'claimed', 'registered', 'revoked')),
                                                      -- where it is in its life
  used                 BIGINT GENERATED ALWAYS AS (CASE WHEN state IN ('claimed', 'registered') THEN 1 ELSE 0 END) STORED,
                                                      -- the seed's word for claimed or registered
  created_at           BIGINT NOT NULL,               -- made
  expires_at           BIGINT NOT NULL,               -- the first second at which it is too late
  used_at              BIGINT,                        -- first script served, or registered directly
  revoked_at           BIGINT,                        -- withdrawn, or its spoke removed
  claim_address        TEXT   NOT NULL DEFAULT '',    -- client that was served the script
  claim_agent          TEXT   NOT NULL DEFAULT '',    -- its user agent
  bound_key            TEXT,                          -- the public key that registered
  releases             BIGINT NOT NULL DEFAULT 0,     -- times it went back from claimed to unused
  reports              BIGINT NOT NULL DEFAULT 0,     -- rows in installation_reports
  alarmed              BIGINT NOT NULL DEFAULT 0,     -- a second key was tried and the alarm raised
  hub_endpoint         TEXT   NOT NULL,               -- this and the rest: what the script says, fixed at creation
  hub_public_key       TEXT   NOT NULL,               -- the hub's key
  network_cidr         TEXT   NOT NULL,               -- the hub's network
  dns                  TEXT   NOT NULL,               -- name servers
  persistent_keepalive BIGINT NOT NULL DEFAULT 25,    -- seconds
  base_url             TEXT   NOT NULL,               -- where the script finds the API
  certificate_pin      TEXT   NOT NULL DEFAULT ''     -- of a self-made certificate: sha256//…; empty: a public one
);
CREATE UNIQUE INDEX installation_tokens_open_spoke ON installation_tokens (spoke_id) WHERE state <> 'revoked';
CREATE UNIQUE INDEX installation_tokens_held_address ON installation_tokens (address) WHERE holds_address = 1;
CREATE INDEX installation_tokens_held_until ON installation_tokens (expires_at) WHERE holds_address = 1;
CREATE INDEX installation_tokens_newest ON installation_tokens (created_at, id);
CREATE INDEX installation_tokens_state ON installation_tokens (state, created_at, id, expires_at);
CREATE INDEX installation_tokens_open ON installation_tokens (state, expires_at) WHERE state IN ('unused', 'claimed');

-- How many tokens there are, so that a page of a list need not count them. Triggers keep it, in each dialect's script.
CREATE TABLE token_counts (
  state      TEXT   PRIMARY KEY,  -- as in installation_tokens
  number     BIGINT NOT NULL,     -- tokens in it
  late       BIGINT NOT NULL,     -- those of them whose expires_at is at most late_until
  late_until BIGINT NOT NULL      -- moved on as time passes; 0 where expiry means nothing
);
INSERT INTO token_counts (state, number, late, late_until) VALUES
  ('unused', 0, 0, 0), ('claimed', 0, 0, 0), ('registered', 0, 0, 0), ('revoked', 0, 0, 0);

-- What install scripts said about themselves. Untrusted text.
CREATE TABLE installation_reports (
  token_id       TEXT   NOT NULL REFERENCES installation_tokens (id),  -- whose script
  number         BIGINT NOT NULL,                                     -- 1 to 20, in order of arrival
  at             BIGINT NOT NULL,                                     -- arrived
  stage          TEXT   NOT NULL,                                     -- step of the script
  code           BIGINT NOT NULL,                                     -- its exit code; 0: progress
  reason         TEXT   NOT NULL,                                     -- one line
  os             TEXT   NOT NULL,                                     -- what it runs on
  detail         TEXT   NOT NULL,                                     -- more lines
  source_address TEXT   NOT NULL,                                     -- where it came from
  PRIMARY KEY (token_id, number)
);

-- Several clusters may have one name; nodes tell them apart.
CREATE TABLE proxmox_clusters (
  id           TEXT   PRIMARY KEY,  -- UUID
  cluster_name TEXT   NOT NULL,     -- as the nodes call it
  datacenter   TEXT,                -- typed by a person
  description  TEXT,                -- typed by a person
  created_at   BIGINT NOT NULL,     -- first node registered
  updated_at   BIGINT NOT NULL      -- texts changed
);
CREATE INDEX proxmox_clusters_name ON proxmox_clusters (cluster_name);

-- One row per spoke; live until removed_at is set, and those being removed hold key and address too.
CREATE TABLE spoke_registrations (
  id                 TEXT   PRIMARY KEY,                                  -- spoke_id of its token
  token_id           TEXT   NOT NULL REFERENCES installation_tokens (id), -- the token of its present key
  name               TEXT   NOT NULL,                                     -- spoke_name of its token
  public_key         TEXT   NOT NULL,                                     -- the peer that should be on the interface
  replaces_key       TEXT,                                                -- the peer before it, until it is replaced
  address            TEXT   NOT NULL,                                     -- 10.0.1.5
  allowed_ips        TEXT   NOT NULL,                                     -- the same as the API shows it: ["10.0.1.5/24"]
  registered_at      BIGINT NOT NULL,                                     -- present key registered
  last_handshake     BIGINT,                                              -- newest one stored; null: never
  status             TEXT   NOT NULL CHECK (status IN ('pending', 'active', 'inactive')),  -- newest one stored
  os                 TEXT   NOT NULL CHECK (os IN ('linux', 'macos', 'windows', 'proxmox')),  -- platform of its script
  is_proxmox         BIGINT NOT NULL DEFAULT 0 CHECK (is_proxmox IN (0, 1)),  -- a node
  proxmox_cluster_id TEXT   REFERENCES proxmox_clusters (id),             -- null: a host of its own
  proxmox_node_name  TEXT,                                                -- name in its cluster
  proxmox_version    TEXT,                                                -- as its script says
  metadata           TEXT   NOT NULL DEFAULT '{}',                        -- JSON object, untrusted
  transfer_rx        BIGINT NOT NULL DEFAULT 0,                           -- bytes that the hub received from it
  transfer_tx        BIGINT NOT NULL DEFAULT 0,                           -- bytes that the hub sent to it
  removing_at        BIGINT,                                              -- removal asked for
  removed_at         BIGINT                                               -- peer confirmed off
);
CREATE UNIQUE INDEX spoke_registrations_live_key ON spoke_registrations (public_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX spoke_registrations_live_address ON spoke_registrations (address) WHERE removed_at IS NULL;
CREATE INDEX spoke_registrations_token ON spoke_registrations (token_id);
CREATE INDEX spoke_registrations_newest ON spoke_registrations (registered_at, id) WHERE removed_at IS NULL;
CREATE INDEX spoke_registrations_status ON spoke_registrations (status, registered_at, id) WHERE removing_at IS NULL;
CREATE INDEX spoke_registrations_cluster ON spoke_registrations (proxmox_cluster_id)
  WHERE proxmox_cluster_id IS NOT NULL;

-- How many spokes there are that are not being removed; kept as token_counts is.
CREATE TABLE spoke_counts (
  status TEXT   PRIMARY KEY,  -- as in spoke_registrations
  number BIGINT NOT NULL      -- spokes with it
);
INSERT INTO spoke_counts (status, number) VALUES ('pending', 0), ('active', 0), ('inactive', 0);

CREATE TABLE users (
  id            TEXT   PRIMARY KEY,      -- UUID
  username      TEXT   NOT NULL UNIQUE,  -- to log in with
  password_hash TEXT   NOT NULL,         -- Argon2id, encoded with its parameters
  role          TEXT   NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),  -- what it may do
  created_at    BIGINT NOT NULL          -- made
);

CREATE TABLE sessions (
  id           TEXT   PRIMARY KEY,                    -- UUID, no secret
  session_hash TEXT   NOT NULL UNIQUE,                -- hash of the cookie; the CSRF token follows from the cookie
  user_id      TEXT   NOT NULL REFERENCES users (id), -- whose
  created_at   BIGINT NOT NULL,                       -- logged in
  last_used_at BIGINT NOT NULL                        -- last request of a person
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
  id           TEXT   PRIMARY KEY,                    -- UUID
  token_hash   TEXT   NOT NULL UNIQUE,                -- hash of the whole secret
  user_id      TEXT   NOT NULL REFERENCES users (id), -- who made it
  name         TEXT   NOT NULL,                       -- what it is for
  role         TEXT   NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),  -- what it may do
  created_at   BIGINT NOT NULL,                       -- made
  expires_at   BIGINT NOT NULL,                       -- the first second at which it is void
  last_used_at BIGINT,                                -- to the minute or so
  revoked_at   BIGINT                                 -- withdrawn
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

CREATE TABLE setup_code (
  id         BIGINT PRIMARY KEY CHECK (id = 1),  -- one row, none after the first run
  code_hash  TEXT   NOT NULL,                    -- hash of the code
  expires_at BIGINT NOT NULL                     -- the first second at which it is void
);

-- Append-only: what happened, each row sealed by a hash over itself and the hash before.
CREATE TABLE audit_events (
  id             BIGINT PRIMARY KEY,  -- grows by one
  at             BIGINT NOT NULL,     -- happened; never before the row above
  actor_id       TEXT   NOT NULL,     -- user or API token; empty: a stranger or the system
  actor_name     TEXT   NOT NULL,     -- its name then
  source_address TEXT   NOT NULL,     -- client address; empty: the system
  user_agent     TEXT   NOT NULL,     -- as the client says
  action         TEXT   NOT NULL,     -- token.created …
  target         TEXT   NOT NULL,     -- id of what it was done to
  outcome        TEXT   NOT NULL,     -- success or denied
  details        TEXT   NOT NULL,     -- JSON object without secrets
  event_hash     TEXT   NOT NULL      -- over the hash before and the fields above
);
CREATE INDEX audit_events_time ON audit_events (at, id);
CREATE INDEX audit_events_target ON audit_events (target, id);
CREATE INDEX audit_events_action ON audit_events (action, id);

CREATE TABLE audit_head (
  id        BIGINT PRIMARY KEY CHECK (id = 1),  -- one row, changed by every append: writers queue here
  last_id   BIGINT NOT NULL,                    -- the newest event
  last_hash TEXT   NOT NULL,                    -- its hash
  base_id   BIGINT NOT NULL,                    -- the event before the oldest one kept; 0 while none is archived
  base_hash TEXT   NOT NULL                     -- its hash; zeros for 0
);
INSERT INTO audit_head (id, last_id, last_hash, base_id, base_hash) VALUES
  (1, 0, '0000000000000000000000000000000000000000000000000000000000000000',
   0, '0000000000000000000000000000000000000000000000000000000000000000');

-- The free addresses of the network, as intervals that never touch. Texts are the family's digit and the address in
-- hex, so that they sort as the addresses do: 40a000102 is 10.0.1.2.
CREATE TABLE address_ranges (
  first_address TEXT PRIMARY KEY,  -- lowest free one of the interval
  last_address  TEXT NOT NULL      -- highest one, itself free
);

CREATE TABLE clock (
  id      BIGINT PRIMARY KEY CHECK (id = 1),  -- one row
  highest BIGINT NOT NULL                     -- the highest reading ever committed: time never goes back behind it
);
INSERT INTO clock (id, highest) VALUES (1, 0);
