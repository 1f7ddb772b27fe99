-- Tokens of devices go to whoever asks, so an app of devices is nobody's at its host: it is a sector of its own. What it had
-- as one of its host's ends, as when an app moves.
UPDATE apps SET epoch = epoch + 1 WHERE grant_types LIKE '%urn:ietf:params:oauth:grant-type:device_code%'
    AND id IN (SELECT app_id FROM registrations WHERE sector <> '');
UPDATE registrations SET sector = ''
    WHERE app_id IN (SELECT id FROM apps WHERE grant_types LIKE '%urn:ietf:params:oauth:grant-type:device_code%');
