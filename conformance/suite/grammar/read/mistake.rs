//! The mistakes in wire.kdl: what is wrong, and what to write instead.

use crate::source::mistakes;

mistakes! {
    // The file.
    no_protocol() = "this file has no protocol", "write: protocol NAME {{ ... }}";
    outside(word) = "`{word}` is outside the braces of the protocol",
        "move it inside these braces; one file describes one protocol";
    not_a_protocol(word) = "wire.kdl must begin with `protocol`, not with `{word}`", "write: protocol NAME {{ ... }}";
    not_a_word(word, of) = "`{word}` has no meaning in {of}", "";
    not_a_title() = "a title is text", "write it in quotes: title \"Chaton\"";
    no_opcode() = "the integer type of the opcode is missing", "write: opcode int8";
    head_twice(word) = "the head is described twice: by `frame` and by this `{word}`",
        "`frame {{ ... }}` describes the whole head; remove this line, or write it inside `frame`";
    length_after_opcode(opcode, length)
        = "`length` is written after `opcode`, but without `frame` a length is sent before the opcode",
        "write the head in the order of its bytes: frame {{ opcode {opcode}; length {length} of=payload }}, or frame {{ length {length} of=rest; opcode {opcode} }}";
    counted_outside_a_frame(parts) = "`of` says what a length counts, and can be written only inside `frame`",
        "write the head in the order of its bytes: frame {{ {parts} }}";
    not_a_part_of_a_head(word) = "`{word}` is not a part of a head", "";
    head_without_opcode(example) = "this head has no opcode", "write: {example}";
    not_counted(written) = "a length cannot count `{written}`", "";
    varint_counts_itself() = "a varint cannot count its own bytes",
        "the number of these bytes depends on the length; write of=rest, or use another integer type";
    not_a_part_name(value, example) = "{value} cannot be the name of a constant", "write: {example}";
    not_a_constant(value, example) = "{value} cannot be the value of a constant", "write: {example}";
    constant_too_wide(number, int, min, max) = "{number} does not fit into {int}",
        "{int} ranges from {min} to {max}";
    no_packets() = "the protocol has no packets",
        "write: packet LOGIN 0 from=client {{ field login STRING }}";
    no_fence() = "the protocol has no fence",
        "without a fence, no scenario can prove that the server sent nothing; write: fence {{ from > ...; to < ... }}";
    no_fence_identified() = "there is no fence for identified lanes",
        "`fence unidentified` proves silence only on lanes that are not identified; also write: fence {{ from > ...; to < ... }}";
    no_identification() = "no lane is ever identified, so no lane uses this fence",
        "name the packet with which the server accepts a login, for example: identified-by LOGIN_ACCEPTED; or write `fence unidentified`";
    identifies_no_lane(packet) = "a server never sends {packet}, so {packet} identifies no lane",
        "name the packet with which the server accepts a login";
    not_a_choice_of(word, written) = "`{word}` is not {written}", "";
    not_a_setting_name(name) = "{name} cannot be the name of a setting",
        "write: setting ping-within \"6s\"";
    not_a_duration(written) = "{written} is not a duration",
        "write a number and its unit, ms, s or min, in quotes: \"6s\"";
    second(what, help) = "there is a second {what}", "{help}";

    // Inheritance.
    inherits_nothing(word, name) = "this protocol inherits nothing that `{word}` could change",
        "`{word}` changes an inherited protocol; write: protocol {name} extends=chaton {{ ... }}";
    not_inherited(base, word, name) = "{base} has no {word} with the name {name}", "";
    not_removable(kind) = "`{kind}` cannot be removed", "";
    depends_on_a_reading(base, name, reading) = "in {base}, {name} depends on the reading {reading}",
        "write `settle {reading} \"...\"` to always use one choice, or replace the reading";
    no_such_choice(reading, choice) = "the reading {reading} has no choice {choice}", "";

    // Types.
    not_an_integer(written) = "{written} is not an integer", "";
    not_a_type_name(name, example) = "{name} cannot be the name of a type", "write: {example}";
    not_a_layout(written) = "{written} is not a kind of type", "";
    integer_with_length(written, example) = "{written} cannot have a length", "write: {example}";
    no_length(layout, name) = "{layout} needs a length",
        "name the integer type of its length: type {name} {layout} len=INT; or say where a value ends: size=32 pad=0, ends=0, or rest";
    two_ends(layout) = "only one word can say where {layout} ends",
        "keep only one of these: `len`, `size`, `ends` or `rest`";
    pad_without_size(example) = "`pad` fills a fixed size, but there is no `size`", "write: {example}";
    text_without_filler(size) = "nothing says which bytes follow a text that is shorter than {size} bytes",
        "name the byte that fills the space: size={size} pad=0, or size={size} pad=\" \"";
    not_a_marker(value, example) = "{value} is not a byte or a text",
        "write a number from 0 to 255, a text, or (hex)\"0d 0a\": {example}";
    not_a_filler(bytes) = "{bytes} is not one byte", "one byte fills the space after a shorter text; write for example: pad=0";
    not_rest(written) = "`{written}` does not belong here",
        "after the kind of a type, the only word that can follow is `rest`, for values that end with the frame";
    list_of_nothing(example) = "the type of the values of this list is missing", "write: {example}";
    endless_list(example) = "nothing says where this list ends",
        "use `count` to name the integer type in which the number of values is sent, or write `rest`: {example}";
    not_a_size(value, most) = "{value} is not a possible number of bytes",
        "write a number from 1 to {most}: size=16";
    second_case(tag) = "there is a second case {tag}", "keep only one of them";
    not_a_case(example) = "a case needs a number and a type; the values of this type must be bytes", "write: {example}";
    no_cases(example) = "this type has no cases", "write: {example}";
    wrong_type(written, what) = "this file defines no type {written} whose values are {what}", "";

    // Readings.
    no_text(word) = "`{word}` lacks its text", "write it in quotes: {word} \"...\"";
    not_a_verdict(value) = "{value} is not a verdict", "";
    too_few_choices(reading) = "the reading {reading} has fewer than two choices",
        "write at least two choices: choice \"8\" {{ ... }}; choice \"4\" {{ ... }}";
    no_title(reading) = "the reading {reading} has no title",
        "write the question that the document leaves open: title \"how many bytes a LONG takes\"";
    other_types(choice, first) = "choice {choice} does not define the same types as choice {first}",
        "if one choice of a reading defines a type, each of its choices must define this type";

    // Packets and their fields.
    no_such_packet(name) = "there is no packet {name}", "";
    not_a_packet_name(name) = "{name} cannot be the name of a packet",
        "write the name of a packet in CAPITALS: packet LOGIN 0 from=client";
    not_an_opcode(written, example) = "{written} is not an opcode", "write a number: {example}";
    opcode_too_wide(number, width, min, max)
        = "{number} does not fit into the opcode, whose type is {width}", "{width} ranges from {min} to {max}";
    same_opcode(packet, opcode, other) = "{packet} has the opcode {opcode}, which {other} already has",
        "all packets that the same side sends must have different opcodes";
    no_number(packet) = "the opcode of {packet} is missing",
        "write: packet {packet} 0 from=client; or with one number for each direction: packet {packet} from-client=1 from-server=3";
    numbered_twice(example) = "this packet has one opcode for both directions, and also opcodes for single directions",
        "keep one number and `from`, or write: {example}";
    from_twice() = "`from-client` and `from-server` already name the senders", "remove `from`";
    one_direction(packet, number, side) = "this packet has an opcode for one direction only",
        "write: packet {packet} {number} from={side}";
    no_sender() = "the sender of this packet is missing",
        "write its sender: from=client, from=server or from=both";
    not_a_side(written) = "{written} is not a side", "";
    not_a_field(word) = "`{word}` has no meaning in a packet",
        "write: field login STRING max-bytes=30; or optional {{ field ... }}, when success=0 {{ field ... }}, bits uint8 {{ version 4; kind 4 }}";
    not_a_field_name(name, example) = "{name} cannot be the name of a field", "write: {example}";
    no_such_type(name) = "there is no type {name}", "";
    layout_in_a_field(written, example) = "`{written}` is a kind of type, not the name of a type",
        "define a type of this kind, and write its name in the field: {example}";
    after_the_rest(field, type_name)
        = "no field can follow {field}, which takes all bytes up to the end of the frame",
        "move {field} to the end of the packet, or say in {type_name} where its values end";
    frame_without_end(type_name) = "a value of {type_name} ends with the frame, but nothing says where a frame ends",
        "give frames a length: frame {{ opcode uint8; length uint16 of=payload }}";
    not_for_bits(int) = "{int} cannot be divided into bits", "write an unsigned integer: bits uint16 {{ version 9; kind 7 }}";
    not_bits(name, example) = "the number of bits of {name} is missing", "write: {example}";
    bits_of_another_number(sum, int, bits) = "these fields have {sum} bits, but {int} has {bits}",
        "the fields must cover all bits; write a field also for bits that are not used: unused 3";
    optional_without_length() = "a receiver cannot know whether these fields follow, because frames have no length",
        "give frames a length: frame {{ opcode uint8; length uint16 of=payload }}";
    optional_rest(field, type_name)
        = "a frame with an empty {field} has the same bytes as a frame without {field}",
        "{field} takes all bytes up to the end of the frame, and may be empty; write it without `optional`: field {field} {type_name}";
    when_of_nothing(example) = "`when` needs one earlier field, and the number that this field must have", "write: {example}";
    when_too_wide(field, number, min, max) = "{field} can never be {number}",
        "its type ranges from {min} to {max}";
    empty_group(example) = "this block has no fields", "write: {example}";
    not_in_a_group(word, example) = "`{word}` cannot be in this block", "this block contains fields only: {example}";
    after_optional(field) = "a frame may end before the optional field {field}, so only optional fields can follow {field}",
        "move this field before the `optional` block, or put it into an `optional` block of its own";
    undecided(type_name) = "nothing says which field decides between the cases of {type_name}",
        "name an earlier field with `by`: field address ADDRESS by=version";
    nothing_to_decide(type_name) = "`by` has no meaning here: {type_name} has no cases",
        "remove `by`, or use a type with `one-of`";
    no_deciding_field(name) = "this packet has no earlier field {name} that is a number", "";
    limit_of_others(key, of) = "{key} limits only {of}",
        "write max-bytes for text and bytes, max-chars for text, and min for numbers";
    not_a_limit(value, key) = "{value} is not a limit", "write a number: {key}=30";
    not_ambient(packet, field) = "{packet} has no text field {field}",
        "`ambient` names the text field that contains the sender's name: ambient=login";
    unanswerable(packet, field, asked) = "the answer {packet} has a field {field}, but {asked} does not have this field",
        "an answer takes its values from the packet that it answers, so it can only have fields of that packet";
    wrong_answer()
        = "only the server can send a packet that has `answered-by`, and only clients can send its answer",
        "remove `answered-by`, or write from=server in this packet and from=client in its answer";
    no_such_field(packet, field) = "{packet} has no field {field}", "";

    // Identification, fences and loads.
    no_packet(word, example) = "`{word}` names no packet", "write: {word} {example}";
    only_after(word) = "this block can contain only `after`, followed by a packet that the lane sends",
        "write: {word} ERROR code=1 {{ after CR }}";
    only_after_or_prover(word) = "this block can contain only `after` and `proved-by`",
        "write: {word} ESTABLISHED {{ proved-by \"tunnel-relays-a-line\" }}";
    no_such_fence(word) = "there is no fence `{word}`",
        "write `fence {{ ... }}` or `fence unidentified {{ ... }}`";
    proves_nothing(example) = "this fence proves nothing",
        "in its last step, `to` must receive a packet: {example}";
    no_prover() = "`proved-by` names no scenario", "write: proved-by \"whisper\"";
    alone_with_the_server() = "`from` cannot be in this fence",
        "only the lane `to` exchanges packets with the server in this fence: to > ...; to < ...";
    not_a_lane_of_a_fence(word, example) = "`{word}` is not a lane of a fence", "write: {example}";
    not_a_step(example) = "this step lacks an arrow and a packet", "write: {example}";
    not_an_arrow(written) = "`{written}` is not an arrow",
        "write `>` before what the lane sends, and `<` before what it receives";
    never_sent(side, packet) = "a {side} never sends {packet}",
        "check the arrow, and `from=` of the packet";
    missing_field(name) = "this step lacks {name}", "name every field";
    not_a_value_of_a_fence(value, sort) = "{value} is not {sort}",
        "write @from, @to, $token, `_` (in a received packet), text in quotes, or a number";
    not_a_value_of_a_load(value, sort) = "{value} is not {sort}",
        "write @me, @a or @b, (signed)@me, $text, ?name in one step and $name in later steps, `_` (in a received packet), text in quotes, or a number";
    not_a_part_of_a_load(word) = "`{word}` is not a part of a load", "";
    no_login(example) = "this load has no login", "write: load {{ {example} }}";
    one_sided_message(example) = "in the block `message`, `me` must send a packet, and `all` must receive a packet",
        "write: {example}";
    not_one_text(example)
        = "$text must occur once in the packet that is sent, and once in the packet that arrives",
        "write: {example}";
    not_a_lane_of_a_load(word) = "`{word}` is not a lane of this exchange", "";
}
