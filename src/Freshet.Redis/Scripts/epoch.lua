-- C13: begins a new epoch unless the log is no longer what the caller saw.
-- KEYS: the log. ARGV: the epoch that the caller saw, empty for no log; the name of the new one.
local epoch = redis.call('HGET', KEYS[1], 'e') or ''
if epoch ~= ARGV[1] then
    return 0
end
local incarnation = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'e', ARGV[2], 'o', '0', 'i', incarnation, 'n', '0')
return 1
