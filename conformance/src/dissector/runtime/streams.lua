-- Connections: cuts the bytes of each side into frames, and knows where a tunnel begins.
--
-- Wireshark first dissects all packets in the order of the capture. Later, for example when a person clicks on a packet, it
-- dissects single packets again, in any order. So in the first pass, this code remembers for each packet what cannot be
-- seen in its bytes alone: a plan for each call.

-- If a frame is still incomplete after this number of bytes, its length is probably wrong.
local LONGEST_FRAME = 256 * 1024

-- The number of Wireshark for a TCP connection.
local stream_of = Field.new("tcp.stream")

local streams, plans = {}, {}

function chat.init()
    streams, plans = {}, {}
end

local function is_server_port(port)
    for from, to in server_ports:gmatch("(%d+)%-?(%d*)") do
        if port >= tonumber(from) and port <= (tonumber(to) or tonumber(from)) then
            return true
        end
    end
    return false
end

-- Returns which side has sent a packet: "client" or "server".
local function side_of(pinfo)
    local from_server, to_server = is_server_port(pinfo.src_port), is_server_port(pinfo.dst_port)
    if from_server == to_server then
        -- The user has chosen this protocol with "Decode As", for the port that Wireshark has found in its table.
        from_server, to_server = pinfo.match_uint == pinfo.src_port, pinfo.match_uint == pinfo.dst_port
    end
    if from_server == to_server then
        from_server = pinfo.src_port < pinfo.dst_port
    end
    return from_server and "server" or "client"
end

local function stream_for(pinfo)
    local number = stream_of()
    local key = number and number.value or tostring(pinfo.src_port + pinfo.dst_port)
    if not streams[key] then
        streams[key] = {
            client = { mode = "frames", skip = 0 },
            server = { mode = "frames", skip = 0 },
            sent = {},
        }
    end
    return streams[key]
end

-- Returns whether a frame is the packet that `wanted` describes.
local function is_packet(frame, wanted, sent)
    if not wanted or frame.packet.name ~= wanted.packet or wanted.after and not sent[wanted.after] then
        return false
    end
    for _, value in ipairs(wanted.values) do
        local found = frame.values[value.field]
        local text = found and (found.content or found.value and digits(found.value))
        if text ~= value.is then
            return false
        end
    end
    return true
end

-- Remembers a frame of the conversation. Returns whether its sender sends only raw bytes after it.
local function turns_raw(stream, side, frame)
    if side == "client" then
        stream.sent[frame.packet.name] = true
    end
    local turns = false
    for _, wanted in ipairs(stream.is_identified and {} or protocol.raw_after) do
        turns = turns or is_packet(frame, wanted, stream.sent)
    end
    if side == "server" and is_packet(frame, protocol.identified_by, stream.sent) then
        stream.is_identified = true
    end
    return turns
end

-- Returns the plan for this call: a packet of Wireshark can cause several. `turns` has the offsets after which the bytes are
-- no frames.
local function plan_for(pinfo, half)
    local counter = chat.name .. ".calls"
    local call = tonumber(pinfo.private[counter] or "0") + 1
    pinfo.private[counter] = tostring(call)
    plans[pinfo.number] = plans[pinfo.number] or {}
    local of_packet = plans[pinfo.number]
    if not pinfo.visited or not of_packet[call] then
        of_packet[call] = { mode = half.mode, skip = half.skip, turns = {}, why = {}, is_new = not pinfo.visited }
    else
        of_packet[call].is_new = false
    end
    return of_packet[call]
end

-- Returns whether a tunnel is open, so that any bytes can come out of it. Only the first pass can know this.
local function comes_from_tunnel(call)
    return call.plan.is_new and call.side == "server" and call.stream.client.mode == "raw"
end

-- Decides what all bytes from this offset are: bytes of a tunnel, or bytes that cannot be decoded.
local function give_up(call, at, why)
    call.mode = comes_from_tunnel(call) and "raw" or "lost"
    call.plan.turns[at] = call.mode
    call.plan.why[at] = call.mode == "lost" and why or nil
    return at
end

-- Handles a frame of which only the beginning has arrived. Returns where to go on; nil if Wireshark must bring more bytes.
local function step_over_beginning(call, at, frame)
    local pinfo, have = call.pinfo, call.length - at
    if have > LONGEST_FRAME then
        local why = "a frame of more than " .. LONGEST_FRAME .. " bytes"
        return give_up(call, at, { kind = "malformed", why = why })
    elseif pinfo.can_desegment > 0 then
        pinfo.desegment_offset = at
        pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
        if frame.stop and frame.stop > have and frame.stop <= LONGEST_FRAME then
            pinfo.desegment_len = frame.stop - have
        end
        return nil
    end
    -- The capture does not have the rest, or Wireshark's option to reassemble TCP streams is off.
    local why = { kind = "incomplete", why = "the rest of the frame is not in this packet" }
    show_bytes(call.tree, "incomplete", call.tvb, at, have, pinfo, why)
    call.skip = math.max(frame.needs - (call.tvb:reported_len() - at), 0)
    return call.length
end

-- Handles bytes that are not a frame. If their length is known nevertheless, the next frame can be found.
local function step_over_broken(call, at, frame)
    local why = { kind = frame.kind, why = frame.why }
    if not frame.stop or frame.stop == 0 or frame.stop > LONGEST_FRAME or comes_from_tunnel(call) then
        return give_up(call, at, why)
    end
    local length = math.min(frame.stop, call.length - at)
    show_bytes(call.tree, "broken", call.tvb, at, length, call.pinfo, why)
    call.skip = frame.stop - length
    return at + length
end

-- Shows the next frame, or the bytes that are no frame. Returns where to go on; nil if Wireshark must bring more bytes.
local function step(call, at)
    local plan, left = call.plan, call.length - at
    call.mode = plan.turns[at] or call.mode
    if call.mode ~= "frames" then
        show_bytes(call.tree, call.mode, call.tvb, at, left, call.pinfo, plan.why[at])
        return call.length
    elseif call.skip > 0 then
        local skipped = math.min(call.skip, left)
        show_bytes(call.tree, "skipped", call.tvb, at, skipped, call.pinfo)
        call.skip = call.skip - skipped
        return at + skipped
    end
    local frame = decode_of_either(call.side, call.tvb, at)
    if frame.status == "broken" then
        return step_over_broken(call, at, frame)
    elseif frame.status == "more" then
        return step_over_beginning(call, at, frame)
    end
    show_frame(call.tree, frame, call.tvb, at, call.pinfo)
    local after = at + frame.length
    if plan.is_new and #frame.notes == 0 and turns_raw(call.stream, call.side, frame) then
        plan.turns[after] = "raw"
    end
    return after
end

-- Dissects the bytes of one call of Wireshark.
local function dissect(tvb, pinfo, tree)
    local side, stream = side_of(pinfo), stream_for(pinfo)
    local half = stream[side]
    local plan = plan_for(pinfo, half)
    local call = {
        tvb = tvb, length = tvb:len(), pinfo = pinfo, tree = tree,
        side = side, stream = stream, plan = plan, mode = plan.mode, skip = plan.skip,
    }
    local at = 0
    while at and at < call.length do
        at = step(call, at)
    end
    if plan.is_new then
        half.mode = plan.turns[at] or call.mode
        half.skip = call.skip
    end
end
