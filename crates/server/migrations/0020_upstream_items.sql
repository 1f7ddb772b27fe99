-- What a provider gave goes to an app only if the person agrees: apps that were permitted before may ask for it.
INSERT INTO app_scopes (app_id, scope, required, purpose_ko, purpose_en, position)
SELECT p.app_id, 'upstream:' || p.upstream, FALSE, '', '',
       (SELECT COALESCE(MAX(s.position), -1) + 1 FROM app_scopes s WHERE s.app_id = p.app_id)
FROM upstream_permissions p WHERE TRUE ON CONFLICT (app_id, scope) DO NOTHING;
CREATE INDEX upstream_permissions_by_app ON upstream_permissions (app_id);
