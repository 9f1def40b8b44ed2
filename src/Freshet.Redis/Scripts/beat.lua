-- C6: only a server that leads and accepts writes can answer this: deleting a field that is not there is a write, and needs no memory.
-- C13: says which incarnation of its data the server has.
-- KEYS: a log of the server, for in a cluster only a key whose slot is its own can be written.
local server = redis.call('INFO', 'replication')
-- A replica that takes writes of its own does not lead.
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
local written = redis.pcall('HDEL', KEYS[1], '-')
-- What is no hash was found because the server may write; its head shows what it is.
if type(written) == 'table' and written.err and not string.find(written.err, 'WRONGTYPE', 1, true) then
    return written
end
return string.match(server, 'master_replid:(%x+)')
