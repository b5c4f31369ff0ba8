-- Bounds and rejects are credentials: a run's ledger expires by itself 30 days after the run has ended.
local LIFETIME_MS = 30 * 24 * 60 * 60 * 1000

-- Gives keys of a ledger the same expiry as the record of the run, if the run has ended.
local function expire_with(run, keys)
  local ended = redis.call('HGET', run, 'finishedAt')
  if not ended then return end
  local moment = string.format('%.0f', tonumber(ended) + LIFETIME_MS)
  for _, key in ipairs(keys) do redis.call('PEXPIREAT', key, moment) end
end
