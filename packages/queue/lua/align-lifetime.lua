-- Gives keys of a ledger the lifetime of its run as it stands now: they expire with the record of a run that has ended,
-- and stay while the run goes on.
--
-- KEYS[1] run   KEYS[2 …] the keys
local keys = { unpack(KEYS, 2) }
if redis.call('HEXISTS', KEYS[1], 'finishedAt') == 1 then
  expire_with(KEYS[1], keys)
elseif redis.call('EXISTS', KEYS[1]) == 1 then
  for _, key in ipairs(keys) do redis.call('PERSIST', key) end
end
return 1
