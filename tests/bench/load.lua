-- wrk's script: sends each line of a file once, over all connections, and ends wrk with one line of JSON: the rate between
-- the 64th answer and the 64th from the end, while every connection is busy. Without that line not all were answered.
--   wrk -s load.lua URL -- FILE STATUS TOKEN     FILE: METHOD, path and body, with a tab between
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long nanoseconds; } bench_time; int clock_gettime(int, bench_time*);")
local EDGE = 64

local function now()
  local time = ffi.new("bench_time")
  ffi.C.clock_gettime(1, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

function init(args)
  expected, requests, asked, good, bad, other = tonumber(args[2]), {}, 0, 0, 0, ""
  local headers = { ["Host"] = wrk.headers["Host"], ["Content-Type"] = "application/json", ["Accept"] = "application/json" }
  if args[3] then headers["Authorization"] = "Bearer " .. args[3] end
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%u+)\t([^\t]+)\t?(.*)$")
    if body == "" then body = nil end
    table.insert(requests, wrk.format(method, path, headers, body))
  end
  -- What connections do that find nothing left to ask; its answer, 204, counts for nothing.
  filler = wrk.format("OPTIONS", "/api/health/live", headers)
end

-- wrk asks once before it begins, to see what the script does, and throws that away.
function request()
  local text = requests[math.max(asked, 1)]
  asked = asked + 1
  return text or filler
end

function response(status, headers, body)
  if status == 204 then return end
  if status == expected then
    good = good + 1
  else
    bad = bad + 1
    other = status .. " " .. body:sub(1, 200)
  end
  local answered = good + bad
  if answered == EDGE then began = now() end
  if answered == #requests - EDGE then seconds = now() - began end
  if answered ~= #requests then return end
  local rate = (#requests - 2 * EDGE) / seconds
  print(string.format('{"rate": %.3f, "good": %d, "bad": %d, "other": "%s"}', rate, good, bad, other:gsub("[%c\"\\]", " ")))
  io.flush()
  os.exit(0)  -- wrk itself would go on until its time is over
end
