-- C9: appends one record and moves its clocks in one step, and says where it stands.
-- C13: a log that is missing, is none, or is of another incarnation begins a new epoch, named by the caller; a record that cannot be
-- stored takes the log with it, so that nothing that depends on it is valid any more (C12).
-- KEYS: the log. ARGV: name for a new epoch, PUBLISH or SPUBLISH, channel, record, then the ids of the clocks.
local log = KEYS[1]
local server = redis.call('INFO', 'replication')
-- A replica that takes writes of its own has its primary's incarnation.
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
local incarnation = string.match(server, 'master_replid:(%x+)')
local head = redis.pcall('HMGET', log, 'e', 'o', 'i')
if head.err and not string.find(head.err, 'WRONGTYPE', 1, true) then
    return head
end
local epoch, offset = head[1], head[2]
local fields = {}
local isLog = epoch and #epoch == 32 and not string.find(epoch, '%X')
    and offset and string.find(offset, '^%d+$') and head[3] == incarnation
if not isLog then
    epoch, offset = ARGV[1], 0
    fields = { 'e', epoch, 'i', incarnation, 'n', '0' }
end
offset = tonumber(offset) + 1
local text = string.format('%.0f', offset)
-- A server that takes no writes now (NOREPLICAS, MISCONF) would keep the log as it is, and the next record would get this one's place:
-- who was told of this one would take that one for known. So something is written first that changes nothing. It must be what may
-- need memory: whether there is any is asked of a script's first write only.
if isLog then
    local written = redis.pcall('HSET', log, 'e', epoch)
    if type(written) == 'table' and written.err then
        redis.call('DEL', log)
        return written
    end
end
-- Before the record is written: who may not publish leaves none that nobody was told of. What is told and cannot be stored only
-- invalidates too much, for the log goes with it.
local told = redis.pcall(ARGV[2], ARGV[3], epoch .. text .. ' ' .. ARGV[4])
if type(told) == 'table' and told.err then
    return told
end
if not isLog then
    redis.call('DEL', log)
end
fields[#fields + 1] = 'o'
fields[#fields + 1] = text
fields[#fields + 1] = 'r' .. string.format('%.0f', offset % 1024)
fields[#fields + 1] = text .. ' ' .. ARGV[4]
for k = 5, #ARGV do
    fields[#fields + 1] = 'c' .. ARGV[k]
    fields[#fields + 1] = text
end
-- In parts: Lua takes only some thousand arguments at once.
for first = 1, #fields, 1000 do
    local stored = redis.pcall('HSET', log, unpack(fields, first, math.min(first + 999, #fields)))
    if type(stored) == 'table' and stored.err then
        redis.call('DEL', log)
        return stored
    end
end
return { epoch, text }
