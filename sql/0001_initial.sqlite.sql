-- What the first schema has on SQLite only: the audit trail refuses every change but growth.

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
