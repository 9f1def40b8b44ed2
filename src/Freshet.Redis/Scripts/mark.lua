-- Marks a key of public data in the public log, or asks for the mark (R10).
-- C13: only in the epoch that the caller follows, on the incarnation in which it began; so a mark goes with the log.
-- KEYS: the public log. ARGV: the epoch, the mark's place, '1' to set it or '0' to ask.
-- The reply is 1 when the mark is there now, 0 when it is not, -1 when the log is another one.
local server = redis.call('INFO', 'replication')
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
local head = redis.pcall('HMGET', KEYS[1], 'e', 'i', 'p' .. ARGV[2])
if head.err then
    return head
end
if head[1] ~= ARGV[1] or head[2] ~= string.match(server, 'master_replid:(%x+)') then
    return -1
end
if head[3] then
    return 1
end
if ARGV[3] == '0' then
    return 0
end
redis.call('HSET', KEYS[1], 'p' .. ARGV[2], '1')
return 1
