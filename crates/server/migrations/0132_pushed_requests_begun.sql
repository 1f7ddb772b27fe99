-- Whether a request was signed when it was pushed: an app that wants all of them signed since then begins anew.
ALTER TABLE pushed_requests ADD COLUMN signed BOOLEAN NOT NULL DEFAULT FALSE;
