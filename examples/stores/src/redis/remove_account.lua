-- KEYS: the accounts by subject, the subjects by username. ARGV: a subject.
local accounts, usernames = KEYS[1], KEYS[2]
local kept = redis.call('HGET', accounts, ARGV[1])
if kept then
    local record = string.match(kept, '^%d+ (.*)$')
    redis.call('HDEL', usernames, cjson.decode(record).username)
    redis.call('HDEL', accounts, ARGV[1])
end
return 1
