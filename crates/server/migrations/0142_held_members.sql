-- Members that somebody else than the app itself has set, separated by spaces: an app that manages its registration, or is a
-- document, makes them stricter and never looser.
ALTER TABLE apps ADD COLUMN held_members TEXT NOT NULL DEFAULT '';
