-- Has keys of a ledger expire with its record; not those of a run that goes on, or goes on again meanwhile.
-- KEYS: run, key …
expire_with(KEYS[1], { unpack(KEYS, 2) })
return 1
