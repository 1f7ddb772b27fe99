-- The operator's block of an app, beside the switch of its owner: neither undoes the other's.

ALTER TABLE apps ADD COLUMN blocked_at BIGINT;

-- Nobody but the operator could have switched off an app that belongs to nobody.
UPDATE apps SET blocked_at = disabled_at, disabled_at = NULL WHERE owner_id IS NULL;
