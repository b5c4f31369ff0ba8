-- KEYS: one per session. Replies with a digit per key: 1 where there is one, of whatever type, 0 where not.
local present = {}
for i = 1, #KEYS do present[i] = redis.call('EXISTS', KEYS[i]) end
return table.concat(present)
