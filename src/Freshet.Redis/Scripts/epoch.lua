-- C13: begins a new epoch unless the log is no longer what the caller saw.
-- KEYS: the log. ARGV: the epoch that the caller saw, empty for no log or for what is none; the name of the new one; for how long the log
-- is kept from now on, in ms.
local server = redis.call('INFO', 'replication')
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
local epoch = redis.pcall('HGET', KEYS[1], 'e')
if type(epoch) == 'table' then
    if not string.find(epoch.err, 'WRONGTYPE', 1, true) then
        return epoch
    end
    epoch = ''
end
if (epoch or '') ~= ARGV[1] then
    return 0
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'e', ARGV[2], 'o', '0', 'i', string.match(server, 'master_replid:(%x+)'), 'n', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
