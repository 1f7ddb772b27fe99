-- Which of two ways an app came that nobody registered for it, and from which networks: while nobody uses them, the two are
-- counted apart, and when there is no more room it is the most crowded network that gives some up. Forgotten with the first
-- use.
ALTER TABLE registrations ADD COLUMN document BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE registrations ADD COLUMN networks TEXT NOT NULL DEFAULT '';
UPDATE registrations SET document = TRUE WHERE app_id LIKE 'http%:%';
CREATE INDEX registrations_unused ON registrations (document, networks) WHERE expires_at IS NOT NULL;
