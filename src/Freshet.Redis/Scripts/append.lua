-- C9: appends one record and moves its clocks in one step, and says where it stands.
-- C13: a log that is missing or of another incarnation begins a new epoch, named by the caller; a record that cannot be stored
-- takes the log with it, so that nothing that depends on it is valid any more (C12).
-- KEYS: the log. ARGV: name for a new epoch, channel, tenant, record, then the ids of the clocks.
local log = KEYS[1]
local incarnation = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local head = redis.call('HMGET', log, 'e', 'o', 'i')
local epoch, offset = head[1], tonumber(head[2])
local fields = {}
if not epoch or head[3] ~= incarnation then
    redis.call('DEL', log)
    epoch, offset = ARGV[1], 0
    fields = { 'e', epoch, 'i', incarnation, 'n', '0' }
end
offset = offset + 1
local text = string.format('%.0f', offset)
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
        return redis.error_reply(stored.err)
    end
end
redis.call('PUBLISH', ARGV[2], ARGV[3] .. epoch .. text .. ' ' .. ARGV[4])
return { epoch, text }
