-- C11: gives the right to load to one of all nodes, with a ticket that orders its load.
-- C12, C13: of a log that is missing, of another epoch than the caller follows or of another incarnation there is none.
-- KEYS: the log, the lease, the entry. ARGV: the followed epoch; the caller's name, empty when it wants only a ticket; how long, in ms;
-- the head of the entry that the caller saw.
-- Replies: 1 and the ticket; 2, how long the holder has at most, in ms, and its name; 3 when another entry lies there by now; 0 when there is no log.
local server = redis.call('INFO', 'replication')
-- A replica that takes writes of its own has its primary's incarnation.
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
local head = redis.call('HMGET', KEYS[1], 'e', 'i')
if head[1] ~= ARGV[1] or head[2] ~= string.match(server, 'master_replid:(%x+)') then
    return { 0, 0 }
end
if ARGV[2] ~= '' then
    local seen = redis.pcall('GETRANGE', KEYS[3], 0, #ARGV[4] > 0 and #ARGV[4] - 1 or 0)
    if type(seen) == 'string' and seen ~= ARGV[4] then
        return { 3, 0 }
    end
    if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then
        local left = redis.call('PTTL', KEYS[2])
        -- What lasts longer than any lease may no node has made.
        if left >= 0 and left <= 60000 then
            return { 2, left, redis.call('GET', KEYS[2]) }
        end
        redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
    end
end
return { 1, redis.call('HINCRBY', KEYS[1], 'n', 1) }
