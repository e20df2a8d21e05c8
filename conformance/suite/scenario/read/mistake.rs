//! The mistakes in scenarios: what is wrong, and what to write instead.

use crate::source::mistakes;

mistakes! {
    // Mistakes that many kinds of steps can contain.
    extra(extra, help) = "`{extra}` does not belong here", "{help}";
    no_such_property(word, key, help) = "`{word}` has no property {key}", "{help}";
    not_a_name(value, example) = "{value} is not a name", "{example}";
    no_such_lane(name) = "there is no lane {name}", "declare it first: client {name}";
    no_such_lane_outside(name) = "there is no lane {name}",
        "lane {name} exists only inside a case or a `when`; move `client {name}` before that block";
    sign_before_a_lane(name) = "there is no lane {name}",
        "before an arrow, write the lane without a sign such as @: alice > ...";
    no_such_scenario(id) = "there is no scenario {id}",
        "write the id of a scenario that judges these steps";
    no_such_reading(name) = "wire.kdl has no reading with the name {name}", "";
    no_such_packet(name) = "there is no packet {name}", "";

    // The head.
    property_after_id(key) = "`{key}` cannot follow the id",
        "write it inside the block, on a line of its own";
    not_at_the_top(word) = "`{word}` cannot be at the top level of a file of scenarios", "";
    no_id() = "a scenario needs an id",
        "write a short id in lowercase: scenario \"login-taken\" {{ ... }}";
    no_title(id) = "{id} has no title",
        "write a sentence that says what this scenario tests: title \"a free login is accepted\"";
    checks_nothing(id) = "{id} checks no requirement",
        "name the requirements of spec.md that this scenario tests: checks CHATON-1.3";
    no_steps(id) = "{id} has no steps", "begin with a lane: client alice";
    last_send_unchecked() = "no step checks the effect of the last send",
        "expect the answer to this send, or prove that the server sends nothing: alice < silence";
    takes_no_value(word) = "`{word}` takes no value", "remove everything after it";
    not_a_title() = "a title must be a single text",
        "write it in quotes: title \"a free login is accepted\"";
    no_requirement_cited() = "`checks` names no requirement",
        "name a requirement of spec.md: checks CHATON-1.3";
    no_such_requirement(id) = "spec.md has no requirement {id}", "";
    not_a_lock() = "a lock needs one name in quotes", "write: lock \"accounts\"";
    no_setting_named() = "`sets` names no setting", "write: sets identify-timeout";
    not_a_setting_name(entry) = "{entry} is not the name of a setting",
        "write only the name of the setting: sets identify-timeout; the command line gives the value";

    // Fragments.
    no_fragment_name(example) = "a fragment needs a name", "write: {example}";
    not_a_parameter(entry) = "{entry} cannot be a parameter",
        "a parameter is a lowercase word that has no other meaning in this language, such as who";
    no_prover() = "`proved-by` names no scenario", "write: proved-by \"login-accepted\"";
    empty_fragment(example) = "this fragment has no steps", "write: {example}";
    unused_fragment(name) = "no scenario uses fragment {name}",
        "lint checks the steps of a fragment only when a scenario says: use {name}";
    uses_nothing() = "`use` names no fragment", "write: use login alice";
    no_such_fragment(name) = "there is no fragment {name}", "";
    fragment_in_itself(name) = "fragment {name} uses itself",
        "remove this `use`; a fragment cannot use itself, directly or through other fragments";
    named_arguments(example) = "write the arguments of a fragment without names", "{example}";
    use_with_a_block(example) = "`use` cannot have a block", "{example}";
    wrong_number_of_arguments(name, wanted, given, example)
        = "the number of arguments of fragment {name} is {wanted}, not {given}", "{example}";

    // Steps.
    too_deep(most) = "steps, including those of fragments, are nested more than {most} levels deep",
        "use fewer fragments inside fragments";
    too_many_steps(id, most) = "{id} has more than {most} steps, including fragments and repetitions",
        "use fewer repetitions; to put a load on a server, use `conformance load`";
    nothing_after_the_arrow() = "the step ends after the arrow",
        "write a packet or a word after the arrow: alice > LOGIN login=@alice";
    not_a_verb(written) = "{written} is neither a packet nor a word of this language",
        "write a packet or a word after the arrow; to send bytes, write `raw`; to expect bytes, write `bytes`";
    head_after_a_step(word) = "`{word}` belongs to the head of the scenario, but comes after a step",
        "move it before the first step";
    not_an_arrow(written) = "`{written}` is not an arrow",
        "write `>` before what the lane does, and `<` before what it must receive";
    lane_without_an_arrow(lane) = "lane {lane} lacks an arrow",
        "write what the lane does: {lane} > ..., or what it must receive: {lane} < ...";
    packet_without_a_lane(name) = "{name} has no lane and no arrow",
        "write the lane that sends this packet: alice > {name}, or the lane that must receive it: alice < {name}";
    nothing_receives(word) = "`{word}` has no lane",
        "write the lane that must receive it: alice < {word}";
    nothing_does(word) = "`{word}` has no lane", "write the lane that does it: alice > {word}";
    not_a_step(word) = "`{word}` cannot begin a step",
        "a step is `client NAME`, `NAME > ...`, `NAME < ...` or a block such as together {{ }}";
    lane_ended(name, how, line) = "lane {name} has ended: `{how}` on line {line}",
        "open a new connection with `client {name}`, or remove the step";
    lane_of_a_case_ended(name, how, line) = "lane {name} has ended: `{how}` on line {line}",
        "the lane receives nothing after its end; remove this step, or move it before the end";
    send_after_shutdown(name, line) = "lane {name} cannot send after its `shutdown` on line {line}",
        "after `shutdown` a lane only reads; move the shutdown after the last send";

    // Lanes.
    not_a_lane_name(entry) = "{entry} cannot be the name of a lane",
        "write its name in lowercase, without quotes: client alice";
    too_many_lanes(most) = "a scenario can have at most {most} lanes",
        "each lane is a connection to the target; for more connections, use `conformance load`";
    only_no(key, value) = "{key} cannot be {value}", "write {key}=no, or omit it";
    no_meaning_here(key) = "`{key}` has no meaning in this protocol",
        "tls= needs `over tls` in wire.kdl, registered= needs `names identities`, and answers= needs a packet with `answered-by=`";
    named_twice() = "`name=` already gives this lane its name",
        "keep `name=`, or keep the length and `name-fill=`";
    two_name_lengths() = "`name-bytes=` already gives this name its length",
        "keep only one of `name-bytes=` and `name-chars=`";
    no_lane_to_name(value) = "{value} is not a lane",
        "name the lane without quotes and without @: client alice2 name=alice";
    not_a_filler(value) = "{value} cannot fill up a name", "write a text: name-fill=\"é\"";
    no_name_length() = "`name-fill=` needs the length of the name",
        "write: name-bytes=30 name-fill=\"é\"";
    not_a_name_length(value, most, key) = "{value} is not the length of a name",
        "write a number from 1 to {most}: {key}=30";
    not_a_setting(name) = "${name} is not a setting",
        "the name of a lane must be known before the scenario begins: write `sets login` in the head, then name=$login";
    has_no_block(word) = "`{word}` cannot have a block", "remove the block";
    truncate_without_tls() = "`truncate` needs TLS",
        "this protocol runs over plain TCP: to close the connection in order, write `close`; to reset it, write `abort`";

    // What a lane sends.
    empty_glue() = "`glued` has no packets",
        "write packets in its braces, each on a line of its own";
    block_in_glue() = "the parts of `glued` cannot have a block",
        "write `split` in the braces of `glued`, on a line of its own";
    not_a_payload(most, example) = "`random` takes a number of bytes, from 1 to {most}", "{example}";
    not_a_seed(value, example) = "{value} is not a seed", "{example}";
    limit_of_a_send() = "`within` limits the time for something that must arrive, not for a send",
        "move it to the next step that expects something";
    not_of_a_send(word) = "`{word}` does not belong here",
        "a send can have only one of these blocks: {{ split every=1 }} or {{ split at=3 }}";
    splits_nowhere(example) = "`split` does not say where to cut", "{example}";
    not_a_split(entry, example) = "`{entry}` does not say how to split", "{example}";
    offsets_not_rising() = "these offsets are not in rising order",
        "begin with the smallest offset, and write each offset once: split at=\"3 7\"";
    race(name, rival)
        = "{name} sends directly after {rival}, so the server may read the two sends in either order",
        "expect the effect of the first send before the second send, or allow both orders: together {{ ... }}";

    // Bytes and signatures.
    no_frame_length() = "frames of this protocol have no length",
        "wire.kdl has no `length`; use `raw` instead";
    framed_without_opcode() = "the opcode of this frame is missing",
        "in this protocol, the opcode is not the last part of the head; write it first: framed (opcode)99 ...";
    not_a_frame_length(value, min, max) = "{value} is not the length of a frame",
        "write a number from {min} to {max}, such as (length)5";
    named_pieces(word, example) = "write the pieces of `{word}` without names", "{example}";
    no_pieces(word, example) = "`{word}` lacks its bytes", "{example}";
    no_mark(entry) = "`{entry}` has no mark",
        "write a mark in parentheses, which says how to turn the value into bytes: (hex)\"00 ff\", (utf8)\"abc\", or a type of wire.kdl: (INT)5";
    undecided_type(name) = "nothing says which case of {name} is meant",
        "write the bytes of the value: (hex)\"00 ff\", or (ip)\"127.0.0.1\"";
    not_an_opcode(value, min, max) = "{value} is not an opcode",
        "write a packet's name, or a number from {min} to {max}";
    no_length(name) = "{name} is not a type with a length", "";
    not_a_length(value, name) = "{value} is not a possible length of {name}",
        "write a number that fits into the bytes of the length, such as ({name}.len)-1";
    not_a_signature(value) = "{value} is not a signature",
        "write the lane that signs its own name, in a field that takes bytes: signature=(signed)@alice";
    unnamed_signature(example) = "this step must give the signature a name, so that later steps can use it", "{example}";
    not_a_scheme(written) = "{written} is not a signature scheme", "";
    no_keys() = "lanes of this protocol have no keys",
        "write `names identities` in wire.kdl to give each lane a UUID and a key";

    // What a lane must receive.
    unknown_bytes(number) = "nothing says which {number} bytes are expected",
        "write the hash that an earlier step remembers: bytes {number} sha256=$blob";
    no_bytes(example) = "`bytes` lacks its bytes", "{example}";
    zero_bytes() = "this step expects zero bytes", "to expect nothing, write: silence";
    not_a_hash_name(value) = "{value} is not a remembered hash",
        "after `sha256=`, write the remembered hash of bytes that a lane sent: alice > random 1048576 seed=7 as=blob, then bob < bytes 1048576 sha256=$blob";
    no_number_of_bytes(example) = "the number of bytes is missing", "{example}";
    hash_of_other_bytes(name, sent, expected) = "${name} is the hash of {sent} bytes, not of {expected}",
        "the hash covers all bytes that were sent; write: bytes {sent} sha256=${name}";
    not_a_hash(name) = "${name} is not a hash",
        "write the name of a hash that an earlier step remembers, such as $blob after: alice > random 1048576 as=blob";
    silence_after_no_lane(value) = "{value} is not a lane",
        "name the lane, without quotes: silence after=alice";
    unprovable_silence() = "inside `together`, `after=` cannot name another lane",
        "the proof needs both lanes, but a step inside `together` belongs to one lane; move this step after the block";
    too_few_in_any_order() = "`any-order` needs at least two packets",
        "write the packets in its braces, each on a line of its own";
    block_in_any_order() = "the packets of `any-order` cannot have a block",
        "put `within` into the braces of `any-order`, on a line of its own";
    split_of_a_receive() = "`split` cuts what is sent, not what is received",
        "move it to a send: alice > LOGIN login=@alice {{ split every=1 }}";
    not_of_a_receive(word) = "`{word}` does not belong here",
        "the block of an expectation can contain only `within \"5s\"` and `not-before \"1s\"`";
    no_duration(word) = "`{word}` lacks its duration",
        "write a number and its unit, ms, s or min, in quotes: {word} \"500ms\"";
    not_a_duration(entry, word) = "{entry} is not a duration",
        "write a number and its unit, ms, s or min, in quotes: {word} \"500ms\"";
    pause_without_reason(example) = "`pause` lacks its reason",
        "say why no other step can show that the server has handled what was sent: {example}";
    pause_in_together() = "`pause` cannot be inside `together`",
        "the lanes of `together` do not wait for each other; move the pause after the block";
    no_such_setting(name) = "wire.kdl has no setting {name}", "";
    impossible_limit(entry) = "{entry} is not a possible duration",
        "write a duration above zero, at most one hour";

    // Packets and their fields.
    other_arrow(name, arrow) = "`{name}` needs the opposite arrow", "write: alice {arrow} {name}";
    arrow_is_enough(name) = "there is no word `{name}`",
        "the arrow is enough: `alice > LOGIN ...` sends, `alice < LOGIN_ACCEPTED` expects";
    no_such_word(name, known) = "there is no word `{name}`",
        "write packets in CAPITALS; the words of this language are: {known}";
    never_sent(name, side, help) = "a {side} never sends {name}", "{help}";
    unnamed_field(entry, help) = "`{entry}` has no name", "{help}";
    no_such_field(packet, field, help) = "{packet} has no field {field}", "{help}";
    missing_field(packet, field, all) = "{packet} lacks {field}", "name every field: {packet} {all}";
    contradiction(why) = "{why}",
        "to send what contradicts wire.kdl, write: alice > raw (opcode)...";

    not_sent_here(field, condition) = "with these values, this packet does not have {field}",
        "{field} is sent only {condition}; omit {field}, or change the field on which {field} depends";
    list_twice(field) = "{field} is given twice", "keep one of them: {{ {field} \"a\" @bob }}";
    block_in_a_list(field) = "the values of {field} cannot have a block",
        "write the values on one line: {{ {field} \"a\" @bob }}";
    not_an_arrangement(entry) = "`{entry}` has no meaning in a list",
        "write order=any if the values may have any order, and others=yes if more values may arrive";
    sent_in_any_order() = "this list is sent, so its values and their order are fixed",
        "remove order=any and others=yes: these are only for lists that a lane receives";
    remembers_in_any_order(entry) = "it is not clear which value of this list {entry} remembers",
        "with order=any or others=yes, a value has no fixed place in the list; remove these properties, or write `_`";

    // Values.
    remembers_nothing(name) = "?{name} remembers a received value, but this step receives nothing",
        "to send a remembered value, write ${name}";
    any_is_sent() = "`_` is not a value",
        "write the value to send; `_` is only for packets that a lane receives";
    not_a_new_name(name) = "?{name} is not a name", "write names in lowercase: ?id";
    never_arrives(why) = "{why}",
        "wire.kdl limits this field, and the runner accepts no packet that exceeds the limit; write a value within the limit";
    wrong_sort(name, sort, written, example) = "{name} takes {sort}, not {written}", "{example}";
    remembered_of_another_sort(name, what, field, sort) = "${name} is {what}, and {field} takes {sort}",
        "remember the value from a field that has the same type as {field}";
    lane_as_a_name(word, field) = "`{word}` is the lane itself, not its name",
        "every run gives the lane a new name; to use this name, write {field}@{word}";
    no_quotes(word, field) = "`{word}` has no quotes", "write text in quotes: {field}\"{word}\"";
    remembered_at_once(lane, name) = "{lane} may not have remembered ${name} yet",
        "the lanes of `together` do not wait for each other; use the value after the block";
    partly_remembered(name) = "${name} may have no value here",
        "write ?{name} in every case of the `either`, or in one `when` for each choice of the reading";
    not_remembered(name) = "no step remembers ${name}",
        "write ?{name} in an earlier step that expects a packet; or declare a setting in the head of the scenario: sets {name}";
    remembered_already(name, what) = "the name {name} is already used for {what}",
        "give the new value another name";
    does_not_fit(why, type_name) = "{why}", "see the type {type_name} in wire.kdl";
    lane_as_a_text(text) = "\"{text}\" is a fixed text, not the name of lane {text}",
        "every run gives the lane a new name; write @{text} for this name, or choose a text that differs from the names of all lanes";
    name_too_long(lane, bytes, field, size)
        = "the name of {lane} has at least {bytes} bytes in this run, but {field} has space for only {size}",
        "give the lane a shorter name: client {lane} name-bytes={size}";
    no_counter() = "no `repeat` around this step has the counter of this text",
        "`(each)` puts the value of a counter into the text: repeat 40 as=i {{ ... msg=(each)\"line $i\" }}";
    bytes_as_text() = "this field takes text", "to send bytes that are not text, use `raw`";
    not_a_mark_of_text(mark) = "({mark}) is not a mark for text", "";
    too_long(length) = "this text has {length} bytes, more than the maximum",
        "for many bytes, write: alice > random 1048576 seed=7 as=blob";
    not_bytes(entry) = "{entry} is not bytes", "write bytes as (hex)\"00 ff\" or (utf8)\"abc\"";
    no_such_mark(mark) = "({mark}) is neither a type nor a mark", "";
    not_a_byte(written) = "`{written}` is not a byte",
        "each byte is two digits from 0 to f: (hex)\"00 ff\"";
    not_an_address(text) = "{text} is not an IP address",
        "write (ip)\"127.0.0.1\" or (ip)\"::1\"";

    // Blocks.
    whens_entries(example) = "`when` takes only one reading and its choice", "{example}";
    when_without_a_choice(example) = "`when` needs a reading and its choice", "{example}";
    no_such_choice(reading, choice) = "the reading {reading} has no choice {choice}", "";
    never_runs() = "this block never runs, because the block around it requires another choice of this reading",
        "remove one of the two blocks";
    empty_when(example) = "`when` has no steps", "{example}";
    not_a_number_of_tries(most, example)
        = "`eventually` takes a number of tries, from 1 to {most}", "{example}";
    try_without_a_result(example) = "no step of this block shows whether a try has succeeded", "{example}";
    not_a_repetition(most, example) = "`repeat` takes a number from 1 to {most}", "write: {example}";
    nothing_to_repeat() = "there are no steps to repeat", "write steps in its braces";
    not_remembered_value(entry) = "{entry} is not a remembered value",
        "name remembered values: distinct $a $b";
    distinct_from_itself(name) = "${name} never differs from itself", "name each value once";
    nothing_to_compare() = "`distinct` needs at least two values", "write: distinct $a $b";
    nested_together() = "`together` is inside another `together`",
        "one block is enough: its lanes run at the same time, and the steps of each lane keep their order";
    lonely_together(example) = "`together` needs steps of at least two lanes", "{example}";
    not_about_one_lane(step) = "`{step}` belongs to several lanes, or to none",
        "inside `together`, each step and each block must belong to exactly one lane";
    too_few_cases() = "`either` needs at least two cases",
        "write: either {{ case \"closes\" {{ ... }}; case \"ignores it\" {{ ... }} }}";
    not_a_case(word, example) = "`{word}` is not a case", "`either` consists of cases: {example}";
    unnamed_case(example) = "a case needs a text that says what the target does",
        "write it in quotes: {example}";
    not_a_verdict(written) = "{written} is not a verdict", "";
    empty_case(name) = "no step shows whether the target {name}",
        "write what the lane receives in this case; if the lane receives nothing, write: silence";
}
