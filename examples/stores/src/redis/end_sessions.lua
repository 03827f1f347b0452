-- KEYS: the accounts by subject, how many births there ever were. ARGV: a
-- subject. An account that is born again has no sign-ins.
local accounts, births = KEYS[1], KEYS[2]
local kept = redis.call('HGET', accounts, ARGV[1])
if kept then
    local record = string.match(kept, '^%d+ (.*)$')
    redis.call('HSET', accounts, ARGV[1], redis.call('INCR', births) .. ' ' .. record)
end
return 1
