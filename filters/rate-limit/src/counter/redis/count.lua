-- Counts a request in all windows of a client, if every one of them has room for its cost.
--
-- KEYS[1]  the client's; its value is the start and the count of each window, in seconds since the
--          epoch, by Redis' clock.
-- ARGV     nonce, cost, share, most, back, since, then of each window its length in seconds, or for
--          months and years the moments around now at which one begins, and its limit.
--
-- Beside the cost, `share` percent of what is left then are taken, at most `most`. `back` is what
-- was taken at `since` and not used: it is given back to the windows that have not ended since.
-- Answers the nonce, what was taken (0 when there was no room), the time in milliseconds, and the
-- counts.
local time = redis.call('TIME')
local now = tonumber(time[1])
local cost, share, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local back, since = tonumber(ARGV[5]), tonumber(ARGV[6])
local old = {}
for number in string.gmatch(redis.call('GET', KEYS[1]) or '', '%d+') do
  old[#old + 1] = tonumber(number)
end
local new, answer = {}, {ARGV[1], 0, now * 1000 + math.floor(tonumber(time[2]) / 1000)}
local left, expires, write = nil, now, back > 0
for i = 7, #ARGV, 2 do
  local length, limit, start, finish = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), nil, nil
  if length then
    start = now - now % length
    finish = start + length
  else
    for moment in string.gmatch(ARGV[i], '%d+') do
      moment = tonumber(moment)
      if moment <= now then start = moment elseif not finish then finish = moment end
    end
  end
  local was, count = old[#new + 1] or 0, old[#new + 2] or 0
  if was < start then count = 0 end
  -- A clock that was set back keeps its counts, for the window it came back to.
  write = write or was > start
  if start <= since then count = math.max(count - back, 0) end
  new[#new + 1], new[#new + 2] = start, count
  left, expires = math.min(left or limit, limit - count), math.max(expires, finish)
end
if left >= cost then
  answer[2] = cost + math.min(math.floor((left - cost) * share / 100), most)
  write = true
end
for i = 2, #new, 2 do
  new[i] = new[i] + answer[2]
  answer[#answer + 1] = new[i]
end
if write then
  redis.call('SET', KEYS[1], table.concat(new, ' '), 'EX', expires - now)
end
return answer
