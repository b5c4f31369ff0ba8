-- Prelude of the recording scripts. A chunk's entry is "done n n n …", its counts in a fixed order, or
-- "failed reason". Totals move by the difference to what was recorded before, so that a chunk recorded
-- twice counts once.
local function tally(totals, chunks, chunk, names, counts)
  local before = redis.call('HGET', chunks, chunk)
  local old = {}
  if before and string.sub(before, 1, 5) == 'done ' then
    for number in string.gmatch(string.sub(before, 6), '%S+') do
      old[#old + 1] = tonumber(number)
    end
  else
    if before then redis.call('HINCRBY', totals, 'failed', -1) end
    redis.call('HINCRBY', totals, 'done', 1)
  end
  for i, name in ipairs(names) do
    redis.call('HINCRBY', totals, name, counts[i] - (old[i] or 0))
  end
  redis.call('HSET', chunks, chunk, 'done ' .. table.concat(counts, ' '))
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
