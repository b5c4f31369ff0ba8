-- Keys of a ledger get the lifetime of its run as it stands now: they expire with the record of one that has ended, and
-- are kept of one that goes on.
-- KEYS: run, key …
local keys = { unpack(KEYS, 2) }
if redis.call('HEXISTS', KEYS[1], 'finishedAt') == 1 then
  expire_with(KEYS[1], keys)
elseif redis.call('EXISTS', KEYS[1]) == 1 then
  for _, key in ipairs(keys) do redis.call('PERSIST', key) end
end
return 1
