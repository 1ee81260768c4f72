-- A database with schema 4, as .dump shows it: what an upgrade finds. Never edited; the values are made up.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE address_ranges (
  first_address TEXT PRIMARY KEY,  -- lowest free one of the interval
  last_address  TEXT NOT NULL      -- highest one, itself free
);
INSERT INTO address_ranges VALUES('40a000105','40a0001fe');
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
INSERT INTO audit_events VALUES(1,1700000000,'u1','admin','198.51.100.7','curl','setup.done','u1','success','{}','07');
INSERT INTO audit_events VALUES(2,1700000100,'','','198.51.100.8','curl','spoke.registered','s1','success','{}','08');
CREATE TABLE audit_head (
  id        BIGINT PRIMARY KEY CHECK (id = 1),  -- one row, changed by every append: writers queue here
  last_id   BIGINT NOT NULL,                    -- the newest event
  last_hash TEXT   NOT NULL,                    -- its hash
  base_id   BIGINT NOT NULL,                    -- the event before the oldest one kept; 0 while none is archived
  base_hash TEXT   NOT NULL                     -- its hash; zeros for 0
);
INSERT INTO audit_head VALUES(1,2,'08',0,'0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE clock (
  id      BIGINT PRIMARY KEY CHECK (id = 1),  -- one row
  highest BIGINT NOT NULL                     -- the highest reading ever committed: time never goes back behind it
);
INSERT INTO clock VALUES(1,1700000300);
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
INSERT INTO hub_config VALUES(1,'10.0.1.1/24',51820,'aHViIGtleSBvZiBhIGZpeHR1cmUsIDMyIGJ5dGVzIC4=','10.0.1.0/24','["9.9.9.9"]','vpn.example.com:51820',1700000000,1700000000);
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
INSERT INTO installation_reports VALUES('t1',1,1700000050,'connect',0,'','debian 12','','198.51.100.7');
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
INSERT INTO installation_tokens VALUES('t1','01','s1','office','10.0.1.2','["10.0.1.2/24"]',0,'registered',1700000000,1700086400,1700000100,NULL,'','','k1',0,0,0,'vpn.example.com:51820','h','10.0.1.0/24','[]',25,'https://vpn.example.com:8443','');
INSERT INTO installation_tokens VALUES('t2','02','s2','laptop','10.0.1.3','["10.0.1.3/24"]',1,'unused',1700000000,1700086400,NULL,NULL,'','',NULL,0,0,0,'vpn.example.com:51820','h','10.0.1.0/24','[]',25,'https://vpn.example.com:8443','');
INSERT INTO installation_tokens VALUES('t3','03','s3','node','10.0.1.4','["10.0.1.4/24"]',0,'registered',1700000000,1700086400,1700000200,NULL,'','','k3',0,0,0,'vpn.example.com:51820','h','10.0.1.0/24','[]',25,'https://vpn.example.com:8443','');
INSERT INTO installation_tokens VALUES('t4','04','s4','office','10.0.1.5','["10.0.1.5/24"]',0,'revoked',1700000000,1700086400,NULL,1700000300,'','',NULL,0,0,0,'vpn.example.com:51820','h','10.0.1.0/24','[]',25,'https://vpn.example.com:8443','');
CREATE TABLE proxmox_cluster_nodes (
  cluster_id     TEXT   NOT NULL REFERENCES proxmox_clusters (id),  -- whose node
  node_name      TEXT   NOT NULL,                                   -- up to its first dot
  cluster_name   TEXT   NOT NULL,                                   -- the cluster's, so that one index finds both names
  online         BIGINT CHECK (online IN (0, 1)),                   -- as told last; null: nobody said
  told_at        BIGINT NOT NULL,                                   -- when it was named last
  token_spoke_id TEXT,                                              -- spoke that a token was made for in its name
  PRIMARY KEY (cluster_id, node_name)
);
INSERT INTO proxmox_cluster_nodes VALUES('c1','pve1','pve',NULL,1700000200,NULL);
INSERT INTO proxmox_cluster_nodes VALUES('c1','pve9','pve',0,1700003700,NULL);
CREATE TABLE proxmox_clusters (
  id           TEXT   PRIMARY KEY,  -- UUID
  cluster_name TEXT   NOT NULL,     -- as the nodes call it
  datacenter   TEXT,                -- typed by a person
  description  TEXT,                -- typed by a person
  created_at   BIGINT NOT NULL,     -- first node registered
  updated_at   BIGINT NOT NULL      -- texts changed
, quorate BIGINT CHECK (quorate IN (0, 1)), told_at BIGINT);
INSERT INTO proxmox_clusters VALUES('c1','pve','north','rack 4',1700000200,1700000200,1,1700003700);
INSERT INTO proxmox_clusters VALUES('c2','lab',NULL,NULL,1700000200,1700000200,NULL,NULL);
CREATE TABLE schema_version (  version    BIGINT PRIMARY KEY,  name       TEXT   NOT NULL,  applied_at BIGINT NOT NULL);
INSERT INTO schema_version VALUES(1,'0001_initial.sql',1700000000);
INSERT INTO schema_version VALUES(2,'0002_cluster_nodes.sql',1700003600);
INSERT INTO schema_version VALUES(3,'0003_people.sql',1700000000);
INSERT INTO schema_version VALUES(4,'0004_alerts.sql',1700000000);
CREATE TABLE setup_code (
  id         BIGINT PRIMARY KEY CHECK (id = 1),  -- one row, none after the first run
  code_hash  TEXT   NOT NULL,                    -- hash of the code
  expires_at BIGINT NOT NULL                     -- the first second at which it is void
);
CREATE TABLE spoke_counts (
  status TEXT   PRIMARY KEY,  -- as in spoke_registrations
  number BIGINT NOT NULL      -- spokes with it
);
INSERT INTO spoke_counts VALUES('pending',1);
INSERT INTO spoke_counts VALUES('active',1);
INSERT INTO spoke_counts VALUES('inactive',0);
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
, keepalive BIGINT NOT NULL DEFAULT 25);
INSERT INTO spoke_registrations VALUES('s1','t1','office','k1',NULL,'10.0.1.2','["10.0.1.2/24"]',1700000100,1700000160,'active','linux',0,NULL,NULL,NULL,'{}',0,0,NULL,NULL,25);
INSERT INTO spoke_registrations VALUES('s3','t3','node','k3',NULL,'10.0.1.4','["10.0.1.4/24"]',1700000200,NULL,'pending','proxmox',1,'c1','pve1',NULL,'{}',0,0,NULL,NULL,25);
CREATE TABLE token_counts (
  state      TEXT   PRIMARY KEY,  -- as in installation_tokens
  number     BIGINT NOT NULL,     -- tokens in it
  late       BIGINT NOT NULL,     -- those of them whose expires_at is at most late_until
  late_until BIGINT NOT NULL      -- moved on as time passes; 0 where expiry means nothing
);
INSERT INTO token_counts VALUES('unused',1,0,0);
INSERT INTO token_counts VALUES('claimed',0,0,0);
INSERT INTO token_counts VALUES('registered',2,0,0);
INSERT INTO token_counts VALUES('revoked',1,0,0);
CREATE TABLE IF NOT EXISTS "users" (
  id            TEXT   PRIMARY KEY,         -- UUID
  username      TEXT   NOT NULL,            -- to log in with; one user who is not removed has it
  password_hash TEXT   NOT NULL,            -- Argon2id, encoded with its parameters; empty once removed
  role          TEXT   NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),  -- what it may do
  created_at    BIGINT NOT NULL,            -- made
  disabled_at   BIGINT,                     -- may do nothing since then; null: enabled
  removed_at    BIGINT,                     -- gone; the row stays for the audit trail
  last_login_at BIGINT,                     -- newest one with password and second factor
  totp_secret   TEXT   NOT NULL DEFAULT '', -- base32, readable as it must be; empty: no second factor
  totp_pending  TEXT   NOT NULL DEFAULT '', -- base32, offered and not confirmed; empty: none
  totp_step     BIGINT NOT NULL DEFAULT 0   -- the 30 s step of the code accepted last: it and those before are used up
);
INSERT INTO users VALUES('u1','admin','$argon2id$','admin',1700000000,NULL,NULL,NULL,'','',0);
INSERT INTO users VALUES('u2','ann','','viewer',1700000000,NULL,1700000100,NULL,'','',0);
INSERT INTO users VALUES('u3','ann','$argon2id$x','operator',1700000200,NULL,NULL,1700000300,'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ','',56666677);
CREATE TABLE IF NOT EXISTS "sessions" (
  id             TEXT   PRIMARY KEY,                     -- UUID, no secret
  session_hash   TEXT   NOT NULL UNIQUE,                 -- hash of the cookie; the CSRF token follows from the cookie
  user_id        TEXT   NOT NULL REFERENCES "users" (id), -- whose
  created_at     BIGINT NOT NULL,                        -- logged in
  last_used_at   BIGINT NOT NULL,                        -- last request of a person
  stepped_up_at  BIGINT NOT NULL,                        -- password and second factor given last
  source_address TEXT   NOT NULL,                        -- client address at login; empty: not known
  user_agent     TEXT   NOT NULL                         -- as the client said
);
INSERT INTO sessions VALUES('e1','05','u1',1700000000,1700000300,1700000000,'','');
CREATE TABLE IF NOT EXISTS "api_tokens" (
  id           TEXT   PRIMARY KEY,                     -- UUID
  token_hash   TEXT   NOT NULL UNIQUE,                 -- hash of the whole secret
  user_id      TEXT   NOT NULL REFERENCES "users" (id), -- who made it
  name         TEXT   NOT NULL,                        -- what it is for
  role         TEXT   NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),  -- what it may do
  created_at   BIGINT NOT NULL,                        -- made
  expires_at   BIGINT NOT NULL,                        -- the first second at which it is void
  last_used_at BIGINT,                                 -- to the minute or so
  revoked_at   BIGINT                                  -- withdrawn, or its owner was
);
INSERT INTO api_tokens VALUES('a1','06','u1','ci','operator',1700000000,1707776000,NULL,NULL);
CREATE TABLE recovery_codes (
  user_id   TEXT NOT NULL REFERENCES users (id),  -- whose
  code_hash TEXT NOT NULL,                        -- hash of the code
  PRIMARY KEY (user_id, code_hash)
);
INSERT INTO recovery_codes VALUES('u3','07');
CREATE TABLE alerts (
  number  BIGINT PRIMARY KEY,  -- growing by one; the newest row is never taken away
  at      BIGINT NOT NULL,     -- happened
  kind    TEXT   NOT NULL CHECK (kind IN ('spoke-down', 'spoke-up', 'install-failed', 'alarm', 'certificate')),
  reason  TEXT   NOT NULL,     -- by kind: seconds of silence, a code, an alarm's kind, days left; partly untrusted text
  subject TEXT   NOT NULL,     -- id of the spoke or token, of what an alarm is about; where a certificate is served
  name    TEXT   NOT NULL      -- of the spoke; may be empty
);
INSERT INTO alerts VALUES(1,1700000200,'spoke-down','66','s1','office');
INSERT INTO alerts VALUES(2,1700000250,'alarm','second-key','t2','laptop');
CREATE TABLE standing_alerts (
  kind    TEXT   NOT NULL,  -- spoke-down, certificate
  subject TEXT   NOT NULL,  -- id of the spoke; certificate with the limit that it passed
  since   BIGINT NOT NULL,  -- told
  PRIMARY KEY (kind, subject)
);
INSERT INTO standing_alerts VALUES('spoke-down','s1',1700000200);
CREATE TABLE alert_targets (
  id                TEXT   PRIMARY KEY,                                      -- UUID
  name              TEXT   NOT NULL,                                         -- what admins call it
  channel           TEXT   NOT NULL CHECK (channel IN ('webhook', 'mail')),  -- how it is told
  address           TEXT   NOT NULL,            -- URL, in which a secret may be, readable as it must be; or mail address
  signing_key       TEXT   NOT NULL DEFAULT '', -- of a webhook, readable as it must be
  kinds             TEXT   NOT NULL,            -- which alerts: ["spoke-down","alarm"]
  quiet_from        BIGINT,                     -- minute of the hub's day at which it is to be left in peace; null: never
  quiet_until       BIGINT,                     -- first minute after that
  enabled           BIGINT NOT NULL CHECK (enabled IN (0, 1)),  -- is told at all
  created_at        BIGINT NOT NULL,            -- made
  told_until        BIGINT NOT NULL,            -- number of the newest alert that it was told or need not be
  last_delivered_at BIGINT,                     -- newest message that it took
  failing_since     BIGINT,                     -- first failure since then; null: none
  last_error        TEXT   NOT NULL DEFAULT ''  -- why the newest one failed, without secrets
);
INSERT INTO alert_targets VALUES('w1','on call','webhook','https://chat.example.net/hooks/x','whs_x','["spoke-down","spoke-up"]',1320,420,1,1700000150,1,1700000210,NULL,'');
INSERT INTO alert_targets VALUES('w2','office','mail','office@example.net','','["alarm"]',NULL,NULL,0,1700000150,2,NULL,1700000260,'HTTP status 500');
CREATE UNIQUE INDEX installation_tokens_open_spoke ON installation_tokens (spoke_id) WHERE state <> 'revoked';
CREATE UNIQUE INDEX installation_tokens_held_address ON installation_tokens (address) WHERE holds_address = 1;
CREATE INDEX installation_tokens_held_until ON installation_tokens (expires_at) WHERE holds_address = 1;
CREATE INDEX installation_tokens_newest ON installation_tokens (created_at, id);
CREATE INDEX installation_tokens_state ON installation_tokens (state, created_at, id, expires_at);
CREATE INDEX installation_tokens_open ON installation_tokens (state, expires_at) WHERE state IN ('unused', 'claimed');
CREATE UNIQUE INDEX spoke_registrations_live_key ON spoke_registrations (public_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX spoke_registrations_live_address ON spoke_registrations (address) WHERE removed_at IS NULL;
CREATE INDEX spoke_registrations_token ON spoke_registrations (token_id);
CREATE INDEX spoke_registrations_newest ON spoke_registrations (registered_at, id) WHERE removed_at IS NULL;
CREATE INDEX spoke_registrations_status ON spoke_registrations (status, registered_at, id) WHERE removing_at IS NULL;
CREATE INDEX spoke_registrations_cluster ON spoke_registrations (proxmox_cluster_id)
  WHERE proxmox_cluster_id IS NOT NULL;
CREATE INDEX audit_events_time ON audit_events (at, id);
CREATE INDEX audit_events_target ON audit_events (target, id);
CREATE INDEX audit_events_action ON audit_events (action, id);
CREATE TRIGGER audit_events_keep_rows BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;
CREATE TRIGGER audit_events_keep_values BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;
CREATE TRIGGER audit_events_only_grow BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id >= NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;
CREATE TRIGGER installation_tokens_counted AFTER INSERT ON installation_tokens
BEGIN
  UPDATE token_counts SET number = number + 1, late = late + (NEW.expires_at <= late_until) WHERE state = NEW.state;
END;
CREATE TRIGGER installation_tokens_counted_anew AFTER UPDATE OF state, expires_at ON installation_tokens
BEGIN
  UPDATE token_counts SET number = number - 1, late = late - (OLD.expires_at <= late_until) WHERE state = OLD.state;
  UPDATE token_counts SET number = number + 1, late = late + (NEW.expires_at <= late_until) WHERE state = NEW.state;
END;
CREATE TRIGGER installation_tokens_counted_no_more AFTER DELETE ON installation_tokens
BEGIN
  UPDATE token_counts SET number = number - 1, late = late - (OLD.expires_at <= late_until) WHERE state = OLD.state;
END;
CREATE TRIGGER spoke_registrations_counted AFTER INSERT ON spoke_registrations WHEN NEW.removing_at IS NULL
BEGIN
  UPDATE spoke_counts SET number = number + 1 WHERE status = NEW.status;
END;
CREATE TRIGGER spoke_registrations_counted_anew AFTER UPDATE OF status, removing_at ON spoke_registrations
WHEN OLD.status <> NEW.status OR (OLD.removing_at IS NULL) <> (NEW.removing_at IS NULL)
BEGIN
  UPDATE spoke_counts SET number = number - 1 WHERE status = OLD.status AND OLD.removing_at IS NULL;
  UPDATE spoke_counts SET number = number + 1 WHERE status = NEW.status AND NEW.removing_at IS NULL;
END;
CREATE TRIGGER spoke_registrations_counted_no_more AFTER DELETE ON spoke_registrations WHEN OLD.removing_at IS NULL
BEGIN
  UPDATE spoke_counts SET number = number - 1 WHERE status = OLD.status;
END;
CREATE INDEX proxmox_clusters_name ON proxmox_clusters (cluster_name, created_at, id);
CREATE INDEX proxmox_clusters_newest ON proxmox_clusters (created_at, id);
CREATE INDEX proxmox_cluster_nodes_name ON proxmox_cluster_nodes (cluster_name, node_name);
CREATE INDEX spoke_registrations_node ON spoke_registrations (proxmox_cluster_id, proxmox_node_name)
  WHERE is_proxmox = 1 AND removing_at IS NULL;
CREATE INDEX spoke_registrations_node_status ON spoke_registrations (proxmox_cluster_id, status)
  WHERE is_proxmox = 1 AND removing_at IS NULL;
CREATE UNIQUE INDEX users_name ON users (username) WHERE removed_at IS NULL;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX api_tokens_user ON api_tokens (user_id);
CREATE INDEX alerts_at ON alerts (at);
COMMIT;
