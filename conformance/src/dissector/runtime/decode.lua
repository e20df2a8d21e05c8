-- Decoding: finds the fields of one frame. Nothing here draws anything, so the same bytes always give the same result.

-- Returns the packet that this side sends with this opcode.
local function packet_with(opcode, side, at)
    local packet = packets_by_opcode[side][opcode]
    if packet then
        return packet
    end
    local other = side == "client" and "server" or "client"
    packet = packets_by_opcode[other][opcode]
    if packet and packet[side] then
        local why = "opcode %s means %s only if a %s sends it; a %s sends %s with opcode %s"
        broken(at, why:format(opcode, packet.name, other, side, packet.name, packet[side]), "opcode")
    elseif packet then
        broken(at, ("a %s never sends %s (opcode %s)"):format(side, packet.name, opcode), "opcode")
    end
    broken(at, "opcode " .. opcode .. " is unknown", "opcode")
end

-- Reads what every frame begins with. Returns the packet, and adds the parts of the head to `fields`.
local function read_head(cursor, side, fields)
    local packet
    for _, part in ipairs(protocol.head) do
        local found = { name = part.name, at = cursor.at, kind = part.kind, opens = cursor.at }
        if part.part == "constant" then
            read_constant(cursor, part)
            if part.int then
                found.value = number_in(range_of(cursor, found.at, cursor.at - found.at), part.int)
            end
        elseif part.part == "length" then
            found.value = read_frame_length(cursor, part)
        else
            found.value = read_integer(cursor, opcode_type, "the opcode")
            packet = packet_with(digits(found.value), side, found.at)
            found.remark = packet.name
        end
        found.length = cursor.at - found.at
        table.insert(fields, found)
    end
    if cursor.payload then
        cursor.stop = cursor.at + cursor.payload
    end
    return packet
end

-- Reads the bytes of a text or of bytes. Returns where their content begins and how long it is. Padding, and the bytes that
-- mark the end, are not content.
local read_extent = {}

function read_extent.counted(cursor, type, field, name)
    local before = cursor.at
    local length, written = read_count(cursor, types[type.length].int, name, "length")
    if field.max_bytes and length > field.max_bytes then
        local why = "the length of %s is %s, more than the maximum of %d"
        note(cursor, "limit", why:format(name, written, field.max_bytes))
    end
    if cursor.stop and cursor.at + length > cursor.stop then
        broken(before, ("the length of %s is %s, but the frame ends earlier"):format(name, written))
    end
    return take(cursor, length, name), length
end

function read_extent.fixed(cursor, type, _, name)
    local start, length = take(cursor, type.size, name), type.size
    while type.pad and length > 0 and range_of(cursor, start + length - 1, 1):uint() == type.pad do
        length = length - 1
    end
    return start, length
end

function read_extent.ended(cursor, type, _, name)
    local start, left = cursor.at, bytes_left(cursor)
    local found = left > 0 and range_of(cursor, start, left):raw():find(type.by, 1, true)
    if found then
        cursor.at = start + found - 1 + #type.by
        return start, found - 1
    elseif cursor.stop and start + left >= cursor.stop then
        broken(start, "the frame ends inside " .. name .. ", before the end bytes " .. in_hex(type.by))
    end
    wait_for(start + left + 1)
end

function read_extent.rest(cursor, _, _, name)
    if not cursor.stop then
        broken(cursor.at, "nothing says where " .. name .. " ends")
    end
    local length = math.max(cursor.stop - cursor.at, 0)
    return take(cursor, length, name), length
end

-- Reads the value of a field. `found` is the field that is being read; each function adds what it found to it.
local read_value = {}

function read_value.number(cursor, type, field, name, found)
    found.value = read_integer(cursor, type.int, name)
    if field.min and is_less(digits(found.value), field.min) then
        note(cursor, "limit", name .. " is " .. digits(found.value) .. ", less than " .. field.min)
    end
end

function read_value.bytes(cursor, type, field, name, found)
    local start, length = read_extent[type.ends](cursor, type, field, name)
    found.opens = type.ends == "counted" and start or found.at
    found.content = length > 0 and range_of(cursor, start, length):raw() or ""
    found.content_at, found.content_length = start, length
    if type.ends ~= "counted" and field.max_bytes and length > field.max_bytes then
        note(cursor, "limit", name .. " has more than " .. field.max_bytes .. " bytes")
    end
end

function read_value.text(cursor, type, field, name, found)
    read_value.bytes(cursor, type, field, name, found)
    if field.max_chars and characters(found.content) > field.max_chars then
        note(cursor, "limit", name .. " has more than " .. field.max_chars .. " characters")
    end
    if next_wrong_byte(found.content, 1) then
        note(cursor, "utf8", name .. " is not UTF-8")
    end
end

function read_value.uuid(cursor, _, _, name, found)
    found.content_at, found.content_length = take(cursor, 16, name), 16
end

-- A list ends after the number of values that is sent before them, or at the end of the frame.
function read_value.list(cursor, type, field, name, found)
    local claimed
    if type.count then
        claimed = read_count(cursor, types[type.count].int, name, "number of values")
        found.opens = cursor.at
    elseif not cursor.stop then
        broken(found.at, "nothing says where " .. name .. " ends")
    end
    found.claimed, found.parts = claimed, {}
    -- Every value has at least one byte. So even if the number of values is wrong, this loop ends after the bytes that have
    -- arrived.
    while claimed and #found.parts < claimed or not claimed and cursor.at < cursor.stop do
        local item = types[type.of]
        local part = { name = field.name, at = cursor.at, opens = cursor.at, kind = item.shown }
        read_value[item.kind](cursor, item, field, name .. " " .. #found.parts + 1, part)
        part.length = cursor.at - part.at
        table.insert(found.parts, part)
    end
end

-- Reads a field that is a part of an integer. The first such field reads the integer, and the others share its bytes.
local function read_bits(cursor, field, index, values, found)
    local bits = field.bits
    if bits.first == index then
        take(cursor, bits.int.width, field.name)
    else
        found.at = values[bits.first].at
        found.opens = found.at
    end
    found.value = part_of(number_in(range_of(cursor, found.at, bits.int.width), bits.int), bits)
    found.kind = bits.shown
end

-- Returns the type of a field. If the type has several cases, an earlier field decides between them.
local function type_of(field, values, at)
    local type = types[field.type]
    if type and type.kind == "one-of" and field.by then
        local tag = values[field.by]
        local case = type.cases[digits(tag.value)]
        if not case then
            local why = "%s is %s, but %s has no case for this value"
            broken(tag.at, why:format(tag.name, digits(tag.value), field.name))
        end
        return types[case]
    elseif not type or type.kind == "one-of" then
        broken(at, field.name .. " has a type that this reading does not define")
    end
    return type
end

-- Returns whether the frame has this field of its packet. `values` are the fields before it.
local function is_present(cursor, field, index, values)
    if field.optional == index then
        return cursor.stop ~= nil and cursor.stop > cursor.at
    elseif field.optional then
        return values[field.optional] ~= nil
    elseif field.when then
        local tag = values[field.when]
        return tag ~= nil and digits(tag.value) == field.is
    end
    return true
end

local function read_frame(cursor, side, frame)
    local packet = read_head(cursor, side, frame.fields)
    frame.packet = packet
    local values = {}
    for index, field in ipairs(packet.fields) do
        if is_present(cursor, field, index, values) then
            local found = { name = field.name, at = cursor.at, opens = cursor.at }
            if field.bits then
                read_bits(cursor, field, index, values, found)
                found.length = field.bits.int.width
            else
                local type = type_of(field, values, cursor.at)
                found.kind, found.is_address = type.shown, type.is_address
                read_value[type.kind](cursor, type, field, field.name, found)
                found.length = cursor.at - found.at
            end
            values[index] = found
            table.insert(frame.fields, found)
        end
    end
    if cursor.stop and cursor.stop > cursor.at then
        local why = "the number of surplus bytes after the fields of %s is %d"
        broken(cursor.at, why:format(packet.name, cursor.stop - cursor.at))
    end
    frame.values = values
    frame.length = cursor.at
end

-- Decodes the frame that begins at this offset, as a frame that this side sends. The result's `status` is "frame", "more" (only
-- its beginning has arrived) or "broken". `stop` is where the frame ends according to its own length, if it has one. `needs`
-- is the smallest number of bytes that the frame has.
local function decode(side, tvb, first)
    local cursor = { tvb = tvb, first = first, at = 0, have = tvb:len() - first, notes = {} }
    local frame = { status = "frame", fields = {}, notes = cursor.notes }
    local is_whole, stopped = pcall(read_frame, cursor, side, frame)
    if not is_whole then
        if type(stopped) ~= "table" then
            error(stopped, 0)
        end
        frame.status, frame.why, frame.kind = stopped.status, stopped.why, stopped.kind
        frame.needs = math.max(stopped.needs or 0, cursor.stop or 0)
    end
    frame.stop = cursor.stop
    return frame
end

-- Decodes a frame. If this side has no packet with its opcode, perhaps it is a frame of the other side: then its end can
-- still be found.
local function decode_of_either(side, tvb, first)
    local own = decode(side, tvb, first)
    if own.status ~= "broken" or own.kind ~= "opcode" then
        return own
    end
    local other = decode(side == "client" and "server" or "client", tvb, first)
    if other.status == "broken" then
        return own
    end
    table.insert(other.notes, 1, { kind = own.kind, why = own.why })
    return other
end
