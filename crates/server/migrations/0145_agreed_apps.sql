-- As what an app was seen by those who agreed to it, where it has changed since: name, places and picture, as JSON. NULL: as it
-- is now. Written when the app changes, so that what most people agreed to takes no room.
ALTER TABLE consents ADD COLUMN agreed_app TEXT;
