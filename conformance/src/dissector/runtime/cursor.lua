-- Cursors: read the numbers of a frame, and stop where the bytes cannot be a frame or have not arrived yet.
--
-- A cursor is a place in the bytes of a frame. All places are counted from the first byte of the frame:
--   tvb, first   the bytes, and where the frame begins in them
--   at           the place of the next byte
--   have         the number of bytes that have arrived
--   stop         where the frame ends; nil if frames have no length, or if the length has not been read yet
--   notes        what is wrong with the frame, although it can be decoded

-- Stops decoding. These bytes are not a frame, whatever follows them.
local function broken(at, why, kind)
    error({ status = "broken", at = at, why = why, kind = kind or "malformed" })
end

-- Stops decoding until the frame has at least this number of bytes.
local function wait_for(bytes)
    error({ status = "more", needs = bytes })
end

-- Notes that a field violates the protocol, and goes on.
local function note(cursor, kind, why)
    table.insert(cursor.notes, { kind = kind, why = why })
end

local function range_of(cursor, at, length)
    return cursor.tvb(cursor.first + at, length)
end

-- Returns how many of the frame's remaining bytes have arrived.
local function bytes_left(cursor)
    local limit = cursor.have
    if cursor.stop and cursor.stop < limit then
        limit = cursor.stop
    end
    return math.max(limit - cursor.at, 0)
end

-- Moves the cursor over this number of bytes, and returns the place where they begin.
local function take(cursor, length, what)
    local start = cursor.at
    if cursor.stop and start + length > cursor.stop then
        broken(start, "the frame ends inside " .. what)
    end
    if start + length > cursor.have then
        wait_for(start + length)
    end
    cursor.at = start + length
    return start
end

-- Reads a varint: groups of 7 bits, the lowest group first. If the high bit of a byte is set, another byte follows.
local function read_varint(cursor, int, what)
    local number, scale, start = 0, 1, cursor.at
    for index = 0, int.width - 1 do
        if index >= bytes_left(cursor) then
            if cursor.stop and start + index + 1 > cursor.stop then
                broken(start, "the frame ends inside " .. what)
            end
            wait_for(start + index + 1)
        end
        local byte = range_of(cursor, start + index, 1):uint()
        number = number + byte % 128 * scale
        if byte < 128 then
            cursor.at = start + index + 1
            return number
        end
        scale = scale * 128
    end
    broken(start, what .. " is a varint that does not end within " .. int.width .. " bytes")
end

local function read_integer(cursor, int, what)
    if int.varint then
        return read_varint(cursor, int, what)
    end
    local start = take(cursor, int.width, what)
    return number_in(range_of(cursor, start, int.width), int)
end

-- Reads a length, or the number of values of a list. Returns it as a number of Lua, and its decimal digits.
local function read_count(cursor, int, name, what)
    local start = cursor.at
    local count = digits(read_integer(cursor, int, name))
    if count:sub(1, 1) == "-" then
        broken(start, "the " .. what .. " of " .. name .. " is " .. count .. ", which is not possible")
    end
    return tonumber(count), count
end

-- Reads the length of a frame.
local function read_frame_length(cursor, part)
    local start = cursor.at
    local length = digits(read_integer(cursor, part.int, "the length"))
    local is_possible = length:sub(1, 1) ~= "-" and (not part.int.varint or tonumber(length) < 2 ^ 31)
    if not is_possible then
        broken(start, "the length of the frame is " .. length .. ", which is not possible")
    end
    local number = tonumber(length)
    if part.counts == "frame" and number < cursor.at then
        local why = "the length of the frame is %s, but the head alone has %d bytes"
        broken(start, why:format(length, cursor.at))
    elseif part.counts == "frame" then
        cursor.stop = number
    elseif part.counts == "rest" then
        cursor.stop = cursor.at + number
    else
        cursor.payload = number
    end
    return number
end

-- Reads bytes that are the same in every frame. Reports a difference even if they have not all arrived.
local function read_constant(cursor, part)
    local length, start = #part.bytes, cursor.at
    local arrived = math.min(length, bytes_left(cursor))
    local found = arrived > 0 and range_of(cursor, start, arrived):raw() or ""
    if found == part.bytes:sub(1, arrived) then
        take(cursor, length, part.name)
    elseif part.int then
        take(cursor, length, part.name)
        local number = number_in(range_of(cursor, start, length), part.int)
        broken(start, part.name .. " is " .. digits(number) .. ", not " .. part.value)
    else
        broken(start, part.name .. ' is (hex)"' .. in_hex(found) .. '", not ' .. part.value)
    end
end
