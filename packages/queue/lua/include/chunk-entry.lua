-- A chunk's entry in the ledger's hash of chunks is one of
--   (none)         open: not copied yet
--   done n n n …   copied; its counts in a fixed order
--   retry n n n …  copied, and its rejects are to be tried again; the counts are those of before
--   failed code    given up, and why
-- Totals move by the difference to what the entry said before, so that a chunk recorded twice counts once.

local function state_of(entry)
  return entry and string.match(entry, '^%a+') or 'open'
end

-- An attempt that began before the run was retried knows nothing of what was recorded and reopened since: it may be one
-- that stood still for hours. `generation` is what the run's record said when the attempt began, or '' where nothing is
-- known of it.
local function is_overtaken(run, generation)
  if generation == '' then return false end
  return tonumber(redis.call('HGET', run, 'generation') or '0') ~= tonumber(generation)
end

local function counts_of(entry)
  local counts = {}
  for number in string.gmatch(string.match(entry, '^%a+ (.*)$') or '', '%S+') do
    counts[#counts + 1] = tonumber(number)
  end
  return counts
end

local function done_entry(counts)
  return 'done ' .. table.concat(counts, ' ')
end

-- `totals` is the run's record or its verification's; `names` are the names of the counts in it.
local function record_done(totals, chunks, chunk, names, counts)
  local before = redis.call('HGET', chunks, chunk)
  local state = state_of(before)
  local old = (state == 'done' or state == 'retry') and counts_of(before) or {}
  if state == 'failed' then redis.call('HINCRBY', totals, 'failed', -1) end
  if state ~= 'done' then redis.call('HINCRBY', totals, 'done', 1) end
  for i, name in ipairs(names) do
    redis.call('HINCRBY', totals, name, counts[i] - (old[i] or 0))
  end
  redis.call('HSET', chunks, chunk, done_entry(counts))
end

-- A chunk that is recorded as done stays done: false then.
local function record_failed(totals, chunks, chunk, names, reason)
  local before = redis.call('HGET', chunks, chunk)
  local state = state_of(before)
  if state == 'done' then return false end
  if state == 'retry' then
    for i, count in ipairs(counts_of(before)) do redis.call('HINCRBY', totals, names[i], 0 - count) end
  end
  if state ~= 'failed' then redis.call('HINCRBY', totals, 'failed', 1) end
  redis.call('HSET', chunks, chunk, 'failed ' .. reason)
  return true
end

-- The chunk is to be copied anew, as if it never had been.
local function reopen(totals, chunks, chunk, names)
  local entry = redis.call('HGET', chunks, chunk)
  local state = state_of(entry)
  if state == 'open' then return false end
  if state == 'done' or state == 'failed' then redis.call('HINCRBY', totals, state, -1) end
  if state ~= 'failed' then
    for i, count in ipairs(counts_of(entry)) do redis.call('HINCRBY', totals, names[i], 0 - count) end
  end
  redis.call('HDEL', chunks, chunk)
  return true
end

-- The dashboard, which draws every chunk, reads only the numbers that were added here since it last looked.
local function log_change(attempts, changed, chunk, stats)
  if stats ~= '' then redis.call('HSET', attempts, chunk, stats) end
  redis.call('RPUSH', changed, chunk)
end
