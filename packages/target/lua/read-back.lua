-- What is held under each key, all of one moment. After expiry.lua.
-- KEYS: one per session    ARGV: bytes after which to stop, the type of which values are read: 'hash' or 'string'
-- Replies with { type, expiry, { name, value … } } for as many keys as fit, for one at least; a string has no name.
local room = tonumber(ARGV[1])
local found = {}
for i = 1, #KEYS do
  local kind = redis.call('TYPE', KEYS[i]).ok
  local fields = {}
  if kind == ARGV[2] then
    fields = kind == 'hash' and redis.call('HGETALL', KEYS[i]) or { '', redis.call('GET', KEYS[i]) }
  end
  found[i] = { kind, expiry(KEYS[i]), fields }
  for j = 1, #fields do room = room - #fields[j] end
  if room <= 0 then break end
end
return found
