-- How often what is registered of an app was changed. Whoever agrees to an app writes it down only while the app is the one that
-- their page has shown.
ALTER TABLE apps ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
