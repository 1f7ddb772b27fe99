-- What waits in a step: an authorization request, somebody who left for a provider, or somebody who came back. Each kind has
-- room of its own, so that no flood of one takes the places of another. What was kept before is over within the hour.
ALTER TABLE pending_steps ADD COLUMN kind TEXT NOT NULL DEFAULT 'request';
CREATE INDEX pending_steps_by_kind ON pending_steps (kind, expires_at);
