-- The metrics of front.lua, in a dictionary that the workers share.

local _M = {}

local OUTCOMES = {
  "ok", "redis_error", "malformed", "unauthorized", "unavailable", "timeout", "broken", "auth",
  "certificate", "internal",
}
-- Upper bounds of the buckets, in seconds. nginx measures in milliseconds.
local BOUNDS = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5 }
local REQUESTS = "novasphere_redis_front_requests_total"
local DURATION = "novasphere_redis_front_command_duration_seconds"

local counts = ngx.shared.novasphere_redis

-- Starts every counter at 0: Prometheus sees no increase in a counter that first appears as 1.
function _M.start()
  for _, outcome in ipairs(OUTCOMES) do
    counts:add(outcome, 0)
  end
  for bucket = 1, #BOUNDS + 1 do
    counts:add(bucket, 0)
  end
  counts:add("seconds", 0)
end

-- Counts a request.
function _M.count(outcome)
  counts:incr(outcome, 1, 0)
end

local function observe(seconds)
  local bucket = 1
  while bucket <= #BOUNDS and seconds > BOUNDS[bucket] do
    bucket = bucket + 1
  end
  counts:incr(bucket, 1, 0)
  counts:incr("seconds", seconds, 0)
end

-- Runs a command and counts it in the bucket of its duration. Returns what `run` returns.
function _M.timed(run, args)
  ngx.update_time()
  local start = ngx.now()
  local status, outcome, value = run(args)
  ngx.update_time()
  observe(ngx.now() - start)
  return status, outcome, value
end

local function describe(name, kind, help)
  ngx.print("# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n")
end

-- Sends the metrics in the text format of Prometheus.
function _M.serve()
  ngx.header["Content-Type"] = "text/plain; version=0.0.4"
  describe(REQUESTS, "counter", "Requests by outcome.")
  for _, outcome in ipairs(OUTCOMES) do
    ngx.say(string.format('%s{outcome="%s"} %d', REQUESTS, outcome, counts:get(outcome)))
  end
  describe(DURATION, "histogram", "Time from the connection to Redis to the response of the command.")
  local total = 0
  for bucket = 1, #BOUNDS + 1 do
    total = total + counts:get(bucket)
    local bound = BOUNDS[bucket] and string.format("%g", BOUNDS[bucket]) or "+Inf"
    ngx.say(string.format('%s_bucket{le="%s"} %d', DURATION, bound, total))
  end
  ngx.say(string.format("%s_sum %.3f", DURATION, counts:get("seconds")))
  ngx.say(string.format("%s_count %d", DURATION, total))
end

return _M
