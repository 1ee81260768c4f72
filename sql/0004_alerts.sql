-- Alerts: what was worth telling, what of it still stands, who is told.

-- keepalive: seconds between the packets that it sends at least, as its script set it; 0: not known to, it was imported.
ALTER TABLE spoke_registrations ADD COLUMN keepalive BIGINT NOT NULL DEFAULT 25;
UPDATE spoke_registrations SET keepalive = 0 WHERE metadata = '{"imported":true}';

CREATE TABLE alerts (
  number  BIGINT PRIMARY KEY,  -- growing by one; the newest row is never taken away
  at      BIGINT NOT NULL,     -- happened
  kind    TEXT   NOT NULL CHECK (kind IN ('spoke-down', 'spoke-up', 'install-failed', 'alarm', 'certificate')),
  reason  TEXT   NOT NULL,     -- by kind: seconds of silence, a code, an alarm's kind, days left; partly untrusted text
  subject TEXT   NOT NULL,     -- id of the spoke or token, of what an alarm is about; where a certificate is served
  name    TEXT   NOT NULL      -- of the spoke; may be empty
);
CREATE INDEX alerts_at ON alerts (at);

-- What was told and is not over: it is not told again.
CREATE TABLE standing_alerts (
  kind    TEXT   NOT NULL,  -- spoke-down, certificate
  subject TEXT   NOT NULL,  -- id of the spoke; certificate with the limit that it passed
  since   BIGINT NOT NULL,  -- told
  PRIMARY KEY (kind, subject)
);

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
