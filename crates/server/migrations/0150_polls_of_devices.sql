-- When a device asked last is remembered by the node that it asked, and written nowhere.
ALTER TABLE device_requests DROP COLUMN polled_at;
