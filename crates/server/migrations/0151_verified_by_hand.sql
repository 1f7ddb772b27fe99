-- A setting wrote the mark of the operator, too; what it wrote cannot be told from what they did.
UPDATE apps SET vouched_at = NULL
    WHERE vouched_at IS NOT NULL AND EXISTS (SELECT 1 FROM registrations WHERE registrations.app_id = apps.id);
