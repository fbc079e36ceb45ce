namespace IdP.Server.Storage;

/// <summary>What Redis does in one step (Lua).</summary>
internal static class RedisScripts
{
    /// <summary>
    /// Writes a value and keeps its holder within bounds. A holder's list has a member "BYTES KEY" for each entry, scored by when it is over,
    /// and its sum is beside it. Where there is a bound for all, the sums are the scores of the share's list instead, and the share has
    /// a total. Entries that are over are counted until somebody looks: when their holder writes again, or holds most when room is made;
    /// of holders that are gone each write removes two.
    /// KEYS: value, holder's list, share's list. ARGV: mode, expected value, value, life in ms, bytes for each holder, bytes for all (0: no bound).
    /// </summary>
    public const string Write = """
        local key, list, share = KEYS[1], KEYS[2], KEYS[3]
        local mode, value, life, each, all = ARGV[1], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
        local overhead, day, total = 200, 86400000, share .. '#'
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)

        local function held(holder)
            return tonumber(all == 0 and redis.call('GET', holder .. '#') or all > 0 and redis.call('ZSCORE', share, holder) or 0)
        end
        local function add(holder, bytes)
            if bytes == 0 then return end
            if all == 0 then redis.call('INCRBY', holder .. '#', bytes) return end
            redis.call('INCRBY', total, bytes)
            if tonumber(redis.call('ZINCRBY', share, bytes, holder)) <= 0 then redis.call('ZREM', share, holder) end
        end
        local function drop(holder, members, delete)
            local freed = 0
            for _, member in ipairs(members) do
                local bytes, name = string.match(member, '^(%d+) (.*)$')
                redis.call('ZREM', holder, member)
                if delete then redis.call('DEL', name) end
                freed = freed + bytes
            end
            add(holder, -freed)
        end
        local function dropExpired(holder)
            drop(holder, redis.call('ZRANGEBYSCORE', holder, '-inf', now), false)
            if redis.call('EXISTS', holder) == 0 then add(holder, -held(holder)) end
        end
        local function dropOldest(holder)
            for _, member in ipairs(redis.call('ZRANGE', holder, 0, 1)) do
                if string.match(member, '^%d+ (.*)$') ~= key then drop(holder, { member }, true) return true end
            end
            return false
        end

        if mode == 'add' then
            if redis.call('EXISTS', key) == 1 then return 0 end
        elseif mode == 'replace' then
            if redis.call('GET', key) ~= ARGV[2] then return 0 end
        end
        dropExpired(list)
        if mode ~= 'add' then
            local member = string.format('%d %s', redis.call('STRLEN', key) + overhead, key)
            if redis.call('ZSCORE', list, member) then drop(list, { member }, false) end
        end

        redis.call('SET', key, value, 'PX', life)
        redis.call('ZADD', list, now + life, string.format('%d %s', #value + overhead, key))
        add(list, #value + overhead)
        local ttl = math.max(life, redis.call('PTTL', list))
        redis.call('PEXPIRE', list, ttl)
        while held(list) > each and dropOldest(list) do end
        if all == 0 then redis.call('PEXPIRE', list .. '#', ttl) return 1 end

        redis.call('PEXPIRE', share, day)
        redis.call('PEXPIRE', total, day)
        for _, some in ipairs(redis.call('ZRANDMEMBER', share, 2)) do
            if redis.call('EXISTS', some) == 0 then dropExpired(some) end
        end
        while tonumber(redis.call('GET', total)) > all do
            local largest = redis.call('ZREVRANGE', share, 0, 0)[1]
            if not largest then redis.call('SET', total, 0, 'PX', day) break end
            dropExpired(largest)
            if not dropOldest(largest) then break end
        end
        return 1
        """;

    /// <summary>
    /// Adds one. Counters of addresses are listed, so that the oldest make room for new ones.
    /// KEYS: counter, list of counters. ARGV: window in ms, how many there may be (0: no bound).
    /// </summary>
    public const string Count = """
        local count = redis.call('INCR', KEYS[1])
        if count > 1 then return count end
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        local most = tonumber(ARGV[2])
        if most == 0 then return count end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        redis.call('ZADD', KEYS[2], now + ARGV[1], KEYS[1])
        redis.call('PEXPIRE', KEYS[2], 604800000)
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
        while redis.call('ZCARD', KEYS[2]) > most do
            redis.call('DEL', redis.call('ZPOPMIN', KEYS[2])[1])
        end
        return count
        """;
}
