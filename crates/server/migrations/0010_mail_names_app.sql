-- The app from which somebody came who asks for a mail: the letter names it.
ALTER TABLE mail_orders ADD COLUMN app_id TEXT;
