-- By the rules of which FAPI profile a request was judged when it was pushed; '': of none. A request that was pushed under
-- looser rules than those of its app now is over.
ALTER TABLE pushed_requests ADD COLUMN profile TEXT NOT NULL DEFAULT '';
