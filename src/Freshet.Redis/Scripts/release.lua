-- Deletes what the caller has put there or has read, and nothing that somebody else has put there since: a lease that is given back,
-- an entry that is damaged. KEYS: its name. ARGV: what it held.
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
