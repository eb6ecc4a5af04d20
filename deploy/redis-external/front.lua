-- Redis over HTTP: the subset of Upstash's REST API that the filters use.
--
--   POST / with Authorization: Bearer TOKEN and a JSON array of strings and numbers,
--   ["EVAL", script, "1", key, argument, ...]
--
--   200 {"result": ...}   the result from Redis
--   400 {"error": "..."}  Redis rejected the command, or this file rejected the request
--   401, 405, 413, 415    unauthorized, wrong method, too large, wrong content type
--   502                   Redis closed the connection or is misconfigured
--   503                   Redis is unreachable or cannot serve
--   504                   Redis did not respond in time
--
-- A connection returns to the pool only after a complete response. Otherwise the next request would
-- read the rest of this one's. No command is sent twice, because a script that was sent may have run.

local cjson = require("cjson").new()
local metrics = require "metrics"
-- OpenResty names the client resty.redis; Debian's lua-nginx-redis names it nginx.redis.
local found, client = pcall(require, "resty.redis")
if not found then
  client = require "nginx.redis"
end

-- NaN, Infinity and hexadecimal numbers are not JSON (RFC 8259 section 6).
cjson.decode_invalid_numbers(false)
-- A command needs one level only.
cjson.decode_max_depth(4)

local COMMANDS = { EVAL = true, EVALSHA = true, PING = true }
local MAX_ARGUMENTS = 256
-- The largest integer up to which a Lua number represents every integer.
local MAX_INTEGER = 2 ^ 53
-- Per worker. A request that finds all connections in use waits; the wait counts towards the timeout.
local POOL = { pool_size = 64, backlog = 1024 }
-- Less than Redis' own idle timeout of 300 s (redis.conf), so that this side closes first.
local IDLE_MS = 60000
-- Error codes of a Redis that cannot serve any command at the moment.
local UNAVAILABLE = {
  BUSY = true, CLUSTERDOWN = true, LOADING = true, MASTERDOWN = true, MISCONF = true,
  OOM = true, READONLY = true, TRYAGAIN = true, UNBLOCKED = true,
}

local settings = {}
local _M = {}

-- Reads the settings when nginx starts. An invalid setting stops the start.
function _M.configure()
  settings = require("settings").read()
  metrics.start()
end

-- Compares in constant time; the duration reveals only the length of the token.
local function same(presented, token)
  local difference = bit.bxor(#presented, #token)
  for i = 1, #token do
    difference = bit.bor(difference, bit.bxor(presented:byte(i) or 0, token:byte(i)))
  end
  return difference == 0
end

local function is_authorized()
  local header = ngx.req.get_headers()["authorization"]
  -- A repeated header is a table.
  if type(header) ~= "string" then
    return false
  end
  local scheme, presented = header:match("^(%a+) +(%S+)$")
  if not scheme or scheme:lower() ~= "bearer" then
    return false
  end
  local known = false
  for _, token in ipairs(settings.tokens) do
    known = same(presented, token) or known
  end
  return known
end

-- Formats a number as the client wrote it. tostring() would turn a time in microseconds into 1e+15.
local function text(number)
  if number % 1 == 0 and math.abs(number) <= MAX_INTEGER then
    return string.format("%.0f", number)
  end
  return string.format("%.17g", number)
end

-- Parses a request body into a command. On failure returns nil and the reason.
local function command(body)
  if not body or not body:find("^%s*%[") then
    return nil, "the body is no JSON array"
  end
  local decoded, args = pcall(cjson.decode, body)
  if not decoded then
    return nil, "the body is no JSON array"
  end
  if #args == 0 or #args > MAX_ARGUMENTS then
    return nil, "a command has 1 to " .. MAX_ARGUMENTS .. " parts"
  end
  for i, arg in ipairs(args) do
    if type(arg) == "number" then
      args[i] = text(arg)
    elseif type(arg) ~= "string" then
      return nil, "part " .. i .. " of the command is neither a string nor a number"
    end
  end
  args[1] = args[1]:upper()
  if not COMMANDS[args[1]] then
    return nil, "command not allowed: expected EVAL, EVALSHA or PING"
  end
  return args
end

-- Encodes a value as JSON. cjson would write an empty array as an object and round large integers.
local function encode(value)
  if type(value) == "number" then
    return text(value)
  elseif type(value) ~= "table" then
    return cjson.encode(value)
  end
  local parts = {}
  for i, item in ipairs(value) do
    parts[i] = encode(item)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function failure(why)
  if why == "timeout" then
    return 504, "timeout", "Redis did not respond in time"
  end
  return 502, "broken", "Redis closed the connection"
end

-- Maps an error of Redis to a status, an outcome and a message.
local function refusal(why)
  local kind = why:match("^%u+")
  -- Redis sends this error on connect when maxclients is exceeded.
  if UNAVAILABLE[kind] or why:find("^ERR max number of clients") then
    return 503, "unavailable", why
  elseif kind == "WRONGPASS" or kind == "NOAUTH" then
    return 502, "auth", "Redis does not take the front's password"
  end
  return 400, "redis_error", why
end

-- Wraps the client's socket so that every wait ends at the deadline of the request. The socket's own
-- timeout restarts with each piece of a response.
local Socket = {}
for _, name in ipairs({ "connect", "sslhandshake", "send", "receive" }) do
  Socket[name] = function(self, ...)
    ngx.update_time()
    local left = math.floor((self.deadline - ngx.now()) * 1000)
    if left < 1 then
      return nil, "timeout"
    end
    self.socket:settimeout(left)
    return self.socket[name](self.socket, ...)
  end
end
for _, name in ipairs({ "close", "getreusedtimes", "setkeepalive" }) do
  Socket[name] = function(self, ...)
    return self.socket[name](self.socket, ...)
  end
end
local SOCKET = { __index = Socket }

-- Returns a connection ready for commands. On failure returns nil, status, outcome and message.
local function connect()
  local redis = client:new()
  local socket = setmetatable(
    { socket = rawget(redis, "_sock"), deadline = ngx.now() + settings.timeout / 1000 }, SOCKET
  )
  redis._sock = socket
  local connected, why
  if settings.port then
    connected, why = redis:connect(settings.host, settings.port, POOL)
  else
    connected, why = redis:connect(settings.host, POOL)
  end
  if not connected then
    if why == "timeout" then
      return nil, failure(why)
    end
    return nil, 503, "unavailable", "Redis is not there"
  end
  if redis:get_reused_times() > 0 then
    return redis
  end
  if settings.server_name then
    -- Debian's client does not support TLS, but its socket does. The socket returns an error for an
    -- invalid certificate, or throws it if the handshake completed immediately (lua-resty-core issue
    -- 499). Pass nil as the session: with false, the call would return true instead of a session.
    local done, session, reason = pcall(socket.sslhandshake, socket, nil, settings.server_name, true)
    if not done or not session then
      redis:close()
      if not done or reason:find("certificate", 1, true) then
        return nil, 502, "certificate", "Redis' certificate is invalid"
      end
      return nil, failure(reason)
    end
  end
  if settings.password ~= "" then
    local welcome, reason = redis:auth(settings.user, settings.password)
    if not welcome then
      redis:close()
      if welcome == false then
        return nil, refusal(reason)
      end
      return nil, failure(reason)
    end
  end
  return redis
end

-- Runs a command in Redis. Returns status, outcome, and the result or the message.
local function run(args)
  local redis, status, outcome, message = connect()
  if not redis then
    return status, outcome, message
  end
  local result, why = redis[args[1]:lower()](redis, unpack(args, 2))
  if result == nil then
    -- The rest of this response must not reach another request.
    redis:close()
    return failure(why)
  end
  redis:set_keepalive(IDLE_MS)
  if result == false then
    return refusal(why)
  end
  return 200, "ok", result
end

local function answer()
  -- Read the body in every case, so that nginx does not parse it as the next request.
  ngx.req.read_body()
  if ngx.req.get_method() ~= "POST" then
    ngx.header["Allow"] = "POST"
    return 405, "malformed", "POST a command"
  end
  if not is_authorized() then
    ngx.header["WWW-Authenticate"] = "Bearer"
    return 401, "unauthorized", "Unauthorized"
  end
  local content_type = (ngx.var.content_type or "application/json"):lower()
  local is_json = content_type:find("^application/json%s*$") or content_type:find("^application/json%s*;")
  if not is_json or ngx.var.http_content_encoding then
    return 415, "malformed", "the body must be application/json without encoding"
  end
  -- Many small chunks: the framing makes the body larger than the buffer.
  if ngx.req.get_body_file() then
    return 413, "malformed", "the command is too large: at most 64 KiB, together with its chunks' sizes"
  end
  local args, why = command(ngx.req.get_body_data())
  if not args then
    return 400, "malformed", why
  end
  return metrics.timed(run, args)
end

local function respond(status, outcome, value)
  metrics.count(outcome)
  ngx.var.outcome = outcome
  local body
  if status == 200 then
    body = '{"result":' .. encode(value) .. "}"
  else
    body = '{"error":' .. cjson.encode(value) .. "}"
  end
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

local function guarded(handler)
  local fine, status, outcome, value = pcall(handler)
  if not fine then
    ngx.log(ngx.CRIT, "novasphere redis: ", status)
    status, outcome, value = 500, "internal", "internal error"
  end
  respond(status, outcome, value)
end

-- Serves a request of the filters.
function _M.serve()
  guarded(answer)
end

-- Sends 200 {"result":"PONG"} if Redis responds.
function _M.health()
  guarded(function()
    return metrics.timed(run, { "PING" })
  end)
end

return _M
