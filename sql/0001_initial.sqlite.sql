-- What the first schema has on SQLite only, its triggers: the audit trail refuses every change but growth, and the
-- tables of counts follow what they count.

CREATE TRIGGER audit_events_keep_rows BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;

CREATE TRIGGER audit_events_keep_values BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;

-- REPLACE would delete a row without asking the trigger above.
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
