-- Prelude of the recording scripts. A chunk's entry is "done n n n …", its counts in a fixed order; "retry n n n …",
-- the same while its rejects are tried again; or "failed reason". Totals move by the difference to what was
-- recorded before, so that a chunk recorded twice counts once.
local function counts_of(entry)
  local counts = {}
  for number in string.gmatch(string.match(entry, '^%a+ (.*)$') or '', '%S+') do
    counts[#counts + 1] = tonumber(number)
  end
  return counts
end

local function tally(totals, chunks, chunk, names, counts)
  local before = redis.call('HGET', chunks, chunk) or ''
  local state = string.match(before, '^%a+') or 'open'
  local old = (state == 'done' or state == 'retry') and counts_of(before) or {}
  if state == 'failed' then redis.call('HINCRBY', totals, 'failed', -1) end
  if state ~= 'done' then redis.call('HINCRBY', totals, 'done', 1) end
  for i, name in ipairs(names) do
    redis.call('HINCRBY', totals, name, counts[i] - (old[i] or 0))
  end
  redis.call('HSET', chunks, chunk, 'done ' .. table.concat(counts, ' '))
end

-- Who draws every chunk reads only the numbers added here since it last looked. Stats of an attempt are "attempts milliseconds".
local function note_change(attempts, changed, chunk, stats)
  if stats ~= '' then redis.call('HSET', attempts, chunk, stats) end
  redis.call('RPUSH', changed, chunk)
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Bounds and rejects are credentials: after the end of a run its ledger goes by itself.
local LIFETIME_MS = 30 * 24 * 60 * 60 * 1000

-- What is written of a run that has ended goes together with its record.
local function expire_with(run, keys)
  local ended = redis.call('HGET', run, 'finishedAt')
  if not ended then return end
  local moment = string.format('%.0f', tonumber(ended) + LIFETIME_MS)
  for _, key in ipairs(keys) do redis.call('PEXPIREAT', key, moment) end
end

-- A run that has ended is no longer the active one.
local function end_run(run, active, id, phase, notice)
  redis.call('HSET', run, 'phase', phase, 'finishedAt', now_ms())
  redis.call('HDEL', run, 'waiting')
  if notice ~= '' then redis.call('HSET', run, 'notice', notice) end
  if redis.call('GET', active) == id then redis.call('DEL', active) end
end
