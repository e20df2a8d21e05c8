//! The mistakes in wire.kdl: what is wrong, and what to write instead.

use crate::source::mistakes;

mistakes! {
    // The file.
    no_protocol() = "this file has no protocol", "write: protocol NAME {{ ... }}";
    outside(word) = "`{word}` is outside the protocol",
        "put it inside the braces of the protocol; one file describes one protocol";
    not_a_protocol(word) = "`{word}` is not a protocol", "write: protocol NAME {{ ... }}";
    not_a_word(word, of) = "`{word}` is not a word of {of}", "";
    not_a_title() = "a title is text", "write it in quotes: title \"Chaton\"";
    no_opcode() = "the width of the opcode is missing", "write: opcode int8";
    head_twice(word) = "this `{word}` describes the head a second time",
        "`frame {{ ... }}` describes the whole head; remove this line, or write it inside `frame`";
    length_after_opcode(opcode, length)
        = "`length` comes after `opcode`, but this length would be sent before the opcode",
        "write the head in the order of its bytes: frame {{ opcode {opcode}; length {length} of=payload }}, or frame {{ length {length} of=rest; opcode {opcode} }}";
    counted_outside_a_frame(parts) = "only a length inside `frame` says what it counts",
        "write the head in the order of its bytes: frame {{ {parts} }}";
    not_a_part_of_a_head(word) = "`{word}` is not a part of a head", "";
    head_without_opcode(example) = "this head has no opcode", "write: {example}";
    not_counted(written) = "a length cannot count `{written}`", "";
    varint_counts_itself() = "a varint cannot count its own bytes",
        "their number depends on the length; write of=rest, or another integer type";
    not_a_part_name(value, example) = "{value} cannot be the name of a constant", "write: {example}";
    not_a_constant(value, example) = "{value} is not the value of a constant", "write: {example}";
    constant_too_wide(number, int, min, max) = "{number} does not fit into {int}",
        "it ranges from {min} to {max}";
    no_packets() = "the protocol has no packets",
        "write: packet LOGIN 0 from=client {{ field login STRING }}";
    no_fence() = "the protocol has no fence",
        "without a fence no scenario can prove silence; write: fence {{ from > ...; to < ... }}";
    no_fence_identified() = "no fence is for lanes that are identified",
        "`fence unidentified` proves silence only on the other lanes; write also: fence {{ from > ...; to < ... }}";
    no_identification() = "no lane is ever identified, so no lane uses this fence",
        "name the packet after which the server knows the lane, such as `identified-by LOGIN_ACCEPTED`; or write `fence unidentified`";
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
    not_inherited(base, word, name) = "{base} has no {word} {name}", "";
    not_removable(kind) = "`{kind}` cannot be removed", "";
    depends_on_a_reading(base, name, reading) = "in {base}, {name} depends on the reading {reading}",
        "fix one choice with: settle {reading} \"...\"; or replace the reading";
    no_such_choice(reading, choice) = "reading {reading} has no choice {choice}", "";

    // Types.
    not_an_integer(written) = "{written} is not an integer", "";
    not_a_type_name(name, example) = "{name} cannot be the name of a type", "write: {example}";
    not_a_layout(written) = "{written} is not a kind of type", "";
    integer_with_length(written, example) = "{written} cannot have a length", "write: {example}";
    no_length(layout, name) = "{layout} needs a length",
        "name the integer type of its length, type {name} {layout} len=INT, or say where it ends: size=32 pad=0, ends=0, or rest";
    two_ends(layout) = "{layout} has one end only",
        "keep one of these: `len`, a fixed `size`, `ends`, or `rest`";
    pad_without_size(example) = "`pad` fills a fixed size, but there is no `size`", "write: {example}";
    text_without_filler(size) = "it is not known what follows a text that is shorter than {size} bytes",
        "name the byte that fills the space: size={size} pad=0, or size={size} pad=\" \"";
    not_a_marker(value, example) = "{value} is not a byte or a text",
        "write a number from 0 to 255, a text, or (hex)\"0d 0a\": {example}";
    not_a_filler(bytes) = "{bytes} is not one byte", "the space is filled with one byte: pad=0";
    not_rest(written) = "`{written}` does not belong here",
        "the only word after the kind of a type is `rest`, for values that end with the frame";
    list_of_nothing(example) = "it is not known what this is a list of", "write: {example}";
    endless_list(example) = "it is not known where this list ends",
        "name the type of the number of its values with `count`, or write `rest`: {example}";
    not_a_size(value, most) = "{value} is not a number of bytes",
        "write a number from 1 to {most}: size=16";
    second_case(tag) = "there is a second case {tag}", "keep only one of them";
    not_a_case(example) = "a case needs a number and a type whose values are bytes", "write: {example}";
    no_cases(example) = "this type has no cases", "write: {example}";
    wrong_type(written, what) = "this file defines no type {written} whose values are {what}", "";

    // Readings.
    no_text(word) = "`{word}` lacks its text", "write it in quotes: {word} \"...\"";
    not_a_verdict(value) = "{value} is not a verdict", "";
    too_few_choices(reading) = "reading {reading} has fewer than two choices",
        "write at least two choices: choice \"8\" {{ ... }}; choice \"4\" {{ ... }}";
    no_title(reading) = "reading {reading} has no title",
        "write the open question: title \"how many bytes a LONG takes\"";
    other_types(choice, first) = "choice {choice} does not define the same types as choice {first}",
        "define a type that depends on a reading in each of its choices";

    // Packets and their fields.
    no_such_packet(name) = "there is no packet {name}", "";
    not_a_packet_name(name) = "{name} cannot be the name of a packet",
        "write packets in CAPITALS, so that they differ from words: packet LOGIN 0 from=client";
    not_an_opcode(written, example) = "{written} is not an opcode", "write a number: {example}";
    opcode_too_wide(number, width, min, max)
        = "{number} does not fit into the opcode, which is {width}", "it ranges from {min} to {max}";
    same_opcode(packet, opcode, other) = "{packet} has the opcode {opcode} of {other}",
        "packets of one side must have different opcodes";
    no_number(packet) = "the opcode of {packet} is missing",
        "write: packet {packet} 0 from=client, or, with a number for each direction: packet {packet} from-client=1 from-server=3";
    numbered_twice(example) = "this packet has a number, and numbers for its directions",
        "keep one number and `from`, or write: {example}";
    from_twice() = "`from-client` and `from-server` name the senders already", "remove `from`";
    one_direction(packet, number, side) = "this packet has a number for one direction only",
        "write: packet {packet} {number} from={side}";
    no_sender() = "the sender of this packet is missing",
        "write its sender: from=client, from=server or from=both";
    not_a_side(written) = "{written} is not a side", "";
    not_a_field(word) = "`{word}` is not a word of a packet",
        "write: field login STRING max-bytes=30; or optional {{ field ... }}, when success=0 {{ field ... }}, bits uint8 {{ version 4; kind 4 }}";
    not_a_field_name(name, example) = "{name} cannot be the name of a field", "write: {example}";
    no_such_type(name) = "there is no type {name}", "";
    layout_in_a_field(written, example) = "`{written}` is a kind of type, not the name of a type",
        "define a type, and name it: {example}";
    after_the_rest(field, type_name)
        = "no field can follow {field}, which takes all bytes up to the end of the frame",
        "move {field} to the end of the packet, or give {type_name} an end of its own";
    frame_without_end(type_name) = "{type_name} ends where the frame ends, but nothing says where that is",
        "give frames a length: frame {{ opcode uint8; length uint16 of=payload }}";
    not_for_bits(int) = "{int} cannot be divided into bits", "write an unsigned integer: bits uint16 {{ version 9; kind 7 }}";
    not_bits(name, example) = "{name} needs its number of bits", "write: {example}";
    bits_of_another_number(sum, int, bits) = "these fields have {sum} bits, but {int} has {bits}",
        "name all bits, also those that are not used: unused 3";
    optional_without_length() = "nothing says whether a frame ends before these fields",
        "give frames a length: frame {{ opcode uint8; length uint16 of=payload }}";
    optional_rest(field, type_name)
        = "a frame with an empty {field} has the same bytes as a frame without {field}",
        "{field} takes all bytes up to the end of the frame, also none; write: field {field} {type_name}";
    when_of_nothing(example) = "`when` needs one earlier field and its number", "write: {example}";
    when_too_wide(field, number, min, max) = "{field} can never be {number}",
        "its type ranges from {min} to {max}";
    empty_group(example) = "this block has no fields", "write: {example}";
    not_in_a_group(word, example) = "`{word}` cannot be in this block", "it contains fields only: {example}";
    after_optional(field) = "a frame may end before {field}, so this field cannot follow it",
        "move this field before the `optional` block, or put it into an `optional` block of its own";
    undecided(type_name) = "no field decides which case of {type_name} this is",
        "name an earlier field that decides it: field address ADDRESS by=version";
    nothing_to_decide(type_name) = "{type_name} has no cases for a field to decide between",
        "remove `by`, or use a type with `one-of`";
    no_deciding_field(name) = "no earlier field of this packet is a number called {name}", "";
    limit_of_others(key, of) = "{key} is a limit of {of}",
        "text and bytes have max-bytes, text has max-chars, numbers have min";
    not_a_limit(value, key) = "{value} is not a limit", "write a number: {key}=30";
    not_ambient(packet, field) = "{packet} has no text field {field}",
        "ambient names the text field that contains the sender: ambient=login";
    unanswerable(packet, field, asked) = "{packet} has a field {field} that {asked} does not have",
        "the answer can only have fields of the packet that it answers";
    wrong_answer()
        = "`answered-by` needs a packet of the server, and an answer that a client sends",
        "the answer can only have fields of the packet that it answers";
    no_such_field(packet, field) = "{packet} has no field {field}", "";

    // Identification, fences and loads.
    no_packet(word, example) = "`{word}` names no packet", "write: {word} {example}";
    only_after(word) = "this block can contain only `after` and a packet that the lane sends",
        "write: {word} ERROR code=1 {{ after CR }}";
    only_after_or_prover(word) = "this block can contain only `after` and `proved-by`",
        "write: {word} ESTABLISHED {{ proved-by \"tunnel-relays-a-line\" }}";
    no_such_fence(word) = "there is no fence `{word}`",
        "write `fence {{ ... }}` or `fence unidentified {{ ... }}`";
    proves_nothing(example) = "this fence proves nothing",
        "its last step must be what `to` receives: {example}";
    no_prover() = "`proved-by` names no scenario", "write: proved-by \"whisper\"";
    alone_with_the_server() = "`from` cannot be in this fence",
        "in this fence, only the unidentified lane `to` exchanges packets with the server: to > ...; to < ...";
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
        "write @me, @a or @b, (signed)@me, $text, ?name and then $name, `_` (in a received packet), text in quotes, or a number";
    not_a_part_of_a_load(word) = "`{word}` is not a part of a load", "";
    no_login(example) = "this load has no login", "write: load {{ {example} }}";
    one_sided_message(example) = "a message must be sent by `me` and received by `all`",
        "write: {example}";
    not_one_text(example)
        = "$text must occur once in the packet that is sent, and once in the packet that arrives",
        "write: {example}";
    not_a_lane_of_a_load(word) = "`{word}` cannot be in this exchange", "";
}
