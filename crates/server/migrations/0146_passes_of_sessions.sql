
-- When the person came from a provider that cannot be asked for a new sign-in (Apple, GitHub). It counts before the ways into
-- an account are changed, where they can show nothing else; for an app that asks for a fresh sign-in it is none.
ALTER TABLE sessions ADD COLUMN passed_at BIGINT;
UPDATE sessions SET passed_at = proved_at;
UPDATE sessions SET proved_at = NULL WHERE acr = '0';
