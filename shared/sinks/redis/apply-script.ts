import { createHash } from "node:crypto";

/**
 * Counts the events of a plan (`Plan` of script-call.ts) that weren't counted yet, and keeps the last event of each content: all of it or
 * nothing.
 *
 * Redis doesn't take back what a script wrote before it failed. So everything is read first, and where keys hold something else than they
 * should, their numbers in KEYS are the answer and nothing is written. Then comes every command that writes, on a key that isn't there: what
 * the server forbids, it forbids here (a user may not run it, or this is a replica; a lack of memory shows at the first BITFIELD). After
 * that nothing can fail.
 *
 * `top` is summed up anew when the minute changes or it is missing, and in between grows as its buckets do: to sum it up takes as long as
 * the buckets have members. What stands there of another type is replaced; so is a last event that isn't one.
 *
 * KEYS: `nothing`, `top`, `topMinute`, the buckets that are summed up, and whatever the plan names by number.
 * ARGV: the plan, as JSON, and the texts that it names by number.
 */
const text = `
local plan = cjson.decode(ARGV[1])
local nothing, top, top_minute = KEYS[1], KEYS[2], KEYS[3]
local summed_last = 3 + plan.summed

local function read(key, command, ...)
  local reply = redis.pcall(command, KEYS[key], ...)
  if type(reply) ~= 'table' or not reply.err then return reply, true end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply.err, 0) end
  return nil, false
end

local misused = {}
local function read_planned(key, command, ...)
  local reply, fits = read(key, command, ...)
  if not fits then misused[#misused + 1] = key end
  return reply
end

local writes = {}
local function write(...)
  writes[#writes + 1] = { ... }
end

-- How many events are new, by content: in all, and in each bucket.
local added, grown = {}, {}
for i in ipairs(plan.buckets) do grown[i] = {} end
for _, mark in ipairs(plan.marks) do
  local gets = {}
  for _, event in ipairs(mark.events) do
    gets[#gets + 1] = 'GET'
    gets[#gets + 1] = 'u1'
    gets[#gets + 1] = event[1]
  end
  local marked = read_planned(mark.key, 'BITFIELD', unpack(gets)) or {}
  -- The first makes room for all marks at once: a value that grows bit by bit takes twice the memory.
  local sets = { 'INCRBY', 'u1', mark.bits - 1, 0 }
  for i, event in ipairs(mark.events) do
    if marked[i] == 0 then
      local bit, content, bucket = event[1], event[2], grown[event[3]]
      sets[#sets + 1] = 'SET'
      sets[#sets + 1] = 'u1'
      sets[#sets + 1] = bit
      sets[#sets + 1] = 1
      added[content] = (added[content] or 0) + 1
      if bucket then bucket[content] = (bucket[content] or 0) + 1 end
    end
  end
  if #sets > 4 then write('BITFIELD', KEYS[mark.key], unpack(sets)) end
end

for i, content in ipairs(plan.contents) do
  local count = read_planned(content.count, 'GET') or '0'
  if not string.find(count, '^%d+$') or #count > 15 then
    misused[#misused + 1] = content.count
  elseif added[i] then
    write('SET', KEYS[content.count], tonumber(count) + added[i])
  end
end

local function grow(key, by)
  local members, scores = {}, {}
  for content, events in pairs(by) do
    members[#members + 1] = ARGV[plan.contents[content].id]
    scores[#scores + 1] = events
  end
  if #members == 0 then return end
  local found = read_planned(key, 'ZMSCORE', unpack(members)) or {}
  local sums = {}
  for i, member in ipairs(members) do
    sums[#sums + 1] = (found[i] and tonumber(found[i]) or 0) + scores[i]
    sums[#sums + 1] = member
  end
  write('ZADD', KEYS[key], unpack(sums))
end

local risen = {}
for i, bucket in ipairs(plan.buckets) do
  grow(bucket.key, grown[i])
  if next(grown[i]) then write('PEXPIREAT', KEYS[bucket.key], bucket.expiresAt) end
  if bucket.key <= summed_last then
    for content, events in pairs(grown[i]) do risen[content] = (risen[content] or 0) + events end
  end
end
if (read(2, 'ZCARD') or 0) > 0 and read(3, 'GET') == plan.minute then
  grow(2, risen)
else
  local summed = { nothing }
  for key = 4, summed_last do
    local _, fits = read(key, 'ZCARD')
    if fits then summed[#summed + 1] = KEYS[key] end
  end
  write('ZUNIONSTORE', top, #summed, unpack(summed))
end
write('PEXPIRE', top, plan.topKeptFor)
write('SET', top_minute, plan.minute, 'PX', plan.topKeptFor)

-- By hand: a body may hold text that cjson doesn't read. Within its texts no quote stands without a backslash.
local function field(body, name, pattern)
  local _, last = string.find(body, name, 1, true)
  return last and string.match(body, pattern, last + 1)
end

local function place(body)
  local time = field(body, '"event_ts":"', '^([%d:.T%-]+Z)"')
  local id = field(body, '"event_id":', '^"?([^",}]*)')
  local revision = field(body, '"revision":', '^%d+')
  if not (time and id and revision) then return nil end
  if #time == 20 then time = string.sub(time, 1, 19) .. '.000Z' end
  return { time = time, id = id, revision = tonumber(revision) }
end

-- '<' goes by the server's locale, and digits in equal places are in order in all of them.
local function is_after(one, other)
  if one.time ~= other.time then return one.time > other.time end
  if #one.id ~= #other.id then return #one.id > #other.id end
  if one.id ~= other.id then return one.id > other.id end
  return one.revision > other.revision
end

for _, last in ipairs(plan.lasts) do
  local body = ARGV[last.body]
  local found = read_planned(last.key, 'GET')
  local known = found and place(found)
  if not known or is_after(place(body), known) then
    write('SET', KEYS[last.key], body, 'PXAT', last.expiresAt)
  end
end

if #misused > 0 then return misused end

redis.call('DEL', nothing)
redis.call('SET', nothing, '', 'XX')
redis.call('ZADD', nothing, 'XX', 0, '')
redis.call('PEXPIREAT', nothing, 1)
redis.call('PEXPIRE', nothing, 1)
redis.call('ZUNIONSTORE', nothing, 1, nothing)
for _, command in ipairs(writes) do redis.call(unpack(command)) end
return {}
`;

export const applyScript = { text, sha1: createHash("sha1").update(text).digest("hex") };
