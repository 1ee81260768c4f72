-- People: disabled and removed users, second factors with their recovery codes, sessions that say where they are used.
-- The three tables are made anew: a name must be free again once its user is removed, and no statement that SQLite and
-- PostgreSQL share takes the old rule off a table that others refer to.

CREATE TABLE people (
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
INSERT INTO people (id, username, password_hash, role, created_at)
  SELECT id, username, password_hash, role, created_at FROM users;

CREATE TABLE people_sessions (
  id             TEXT   PRIMARY KEY,                     -- UUID, no secret
  session_hash   TEXT   NOT NULL UNIQUE,                 -- hash of the cookie; the CSRF token follows from the cookie
  user_id        TEXT   NOT NULL REFERENCES people (id), -- whose
  created_at     BIGINT NOT NULL,                        -- logged in
  last_used_at   BIGINT NOT NULL,                        -- last request of a person
  stepped_up_at  BIGINT NOT NULL,                        -- password and second factor given last
  source_address TEXT   NOT NULL,                        -- client address at login; empty: not known
  user_agent     TEXT   NOT NULL                         -- as the client said
);
INSERT INTO people_sessions
  (id, session_hash, user_id, created_at, last_used_at, stepped_up_at, source_address, user_agent)
  SELECT id, session_hash, user_id, created_at, last_used_at, created_at, '', '' FROM sessions;

CREATE TABLE people_api_tokens (
  id           TEXT   PRIMARY KEY,                     -- UUID
  token_hash   TEXT   NOT NULL UNIQUE,                 -- hash of the whole secret
  user_id      TEXT   NOT NULL REFERENCES people (id), -- who made it
  name         TEXT   NOT NULL,                        -- what it is for
  role         TEXT   NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),  -- what it may do
  created_at   BIGINT NOT NULL,                        -- made
  expires_at   BIGINT NOT NULL,                        -- the first second at which it is void
  last_used_at BIGINT,                                 -- to the minute or so
  revoked_at   BIGINT                                  -- withdrawn, or its owner was
);
INSERT INTO people_api_tokens
  (id, token_hash, user_id, name, role, created_at, expires_at, last_used_at, revoked_at)
  SELECT id, token_hash, user_id, name, role, created_at, expires_at, last_used_at, revoked_at FROM api_tokens;

DROP TABLE sessions;
DROP TABLE api_tokens;
DROP TABLE users;
ALTER TABLE people RENAME TO users;
ALTER TABLE people_sessions RENAME TO sessions;
ALTER TABLE people_api_tokens RENAME TO api_tokens;
CREATE UNIQUE INDEX users_name ON users (username) WHERE removed_at IS NULL;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

-- What opens an account whose second factor is lost. A row is taken away when it is used.
CREATE TABLE recovery_codes (
  user_id   TEXT NOT NULL REFERENCES users (id),  -- whose
  code_hash TEXT NOT NULL,                        -- hash of the code
  PRIMARY KEY (user_id, code_hash)
);
