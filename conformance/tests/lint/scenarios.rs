//! Mistakes in scenarios whose syntax is valid.

use rstest::rstest;

use super::{assert_scenario_mistake, assert_step_mistake};

#[rstest]
#[case::packet("alice > «HELO name=@alice", "no packet HELO", "did you mean HELLO?")]
#[case::packet_in_lowercase("alice > «hello name=@alice", "no word `hello`", "did you mean HELLO?")]
#[case::field(
    "alice > HELLO «nam=@alice",
    "HELLO has no field nam",
    "did you mean name?"
)]
#[case::modifier_as_field(
    "alice < WELCOME «within=\"1s\"",
    "WELCOME has no field within",
    "{ within \"5s\" }"
)]
#[case::type_of_a_piece(
    "alice > raw («STING)\"x\"",
    "(STING) is neither a type nor a mark",
    "did you mean STRING?"
)]
#[case::type_of_a_length("alice > raw («INT.len)5", "not a type with a length", "STRING")]
#[case::packet_of_an_opcode("alice > raw «(opcode)HELO", "no packet HELO", "did you mean HELLO?")]
#[case::mark(
    "alice > HELLO name=(«eech)\"x\"",
    "not a mark for text",
    "did you mean each?"
)]
#[case::lane("«alise > HELLO name=@alice", "no lane alise", "did you mean alice?")]
#[case::sign_before_the_arrow("«@alice < WELCOME", "no lane @alice", "without a sign")]
#[case::lane_in_a_reference("alice > HELLO «name=@carol", "no lane carol", "client carol")]
#[case::lane_of_a_silence("alice < silence «after=carol", "no lane carol", "client carol")]
#[case::word("alice < «silense", "no word `silense`", "did you mean silence?")]
#[case::word_of_the_block(
    "«togehter { alice < WELCOME; }",
    "cannot begin a step",
    "did you mean together?"
)]
#[case::fragment("use «helo carol", "no fragment helo", "did you mean hello?")]
#[case::reading(
    "when «mirorr=yes { alice < WELCOME; }",
    "no reading with the name mirorr",
    "did you mean mirror?"
)]
#[case::choice(
    "when «mirror=maybe { alice < WELCOME; }",
    "no choice \"maybe\"",
    "yes, no"
)]
#[case::verdict(
    "alice < either { case \"a\" «verdict=strict { closed; }; case \"b\" { WELCOME; }; }",
    "not a verdict",
    "pass, note, non-strict"
)]
#[case::not_a_case(
    "alice < either { «option \"a\" { closed; }; case \"b\" { WELCOME; }; }",
    "not a case",
    "case \""
)]
#[case::property("client carol «bytes=30", "no property bytes", "client alice")]
fn an_unknown_name_gets_the_most_similar_one_as_a_remedy(
    #[case] steps: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    assert_step_mistake(steps, message, help);
}

#[rstest]
#[case::missing_field("alice > «SAY name=@alice", "SAY lacks text", "SAY name=... text=...")]
#[case::field_without_a_name("alice > HELLO «@alice", "has no name", "HELLO name=...")]
#[case::lane_without_sign(
    "alice > HELLO «name=alice",
    "is the lane itself, not its name",
    "name=@alice"
)]
#[case::lane_as_text(
    "alice > HELLO «name=\"alice\"",
    "not the name of lane alice",
    "@alice"
)]
#[case::text_without_quotes("alice > SAY name=@alice «text=hi", "no quotes", "text=\"hi\"")]
#[case::number_as_text("alice > SAY name=@alice «text=5", "takes text, not 5", "in quotes")]
#[case::text_as_number("alice > TAKE «id=\"5\"", "takes a number", "id=5")]
#[case::name_as_number("alice > TAKE «id=@alice", "takes a number, not a name", "id=5")]
#[case::text_as_bytes("alice > DATA «data=\"x\"", "takes bytes", "(hex)\"00 ff\"")]
#[case::bytes_as_text("alice > HELLO name=(«hex)\"00\"", "takes text", "raw")]
#[case::no_case(
    "alice > WHERE version=5 «address=(hex)\"00 00 00 00\"",
    "no case for version=5",
    "raw (opcode)"
)]
#[case::case_that_never_comes(
    "alice < WHERE version=5 «address=(hex)\"00 00 00 00\"",
    "no case for version=5",
    "wire.kdl"
)]
#[case::size_of_another_case(
    "alice > WHERE version=6 «address=(ip)\"127.0.0.1\"",
    "with version=6, address has 16 bytes, not 4",
    "raw (opcode)"
)]
#[case::size_of_no_case(
    "alice > WHERE version=4 «address=(hex)\"00 01 02\"",
    "address has 4 or 16 bytes, not 3",
    "ADDRESS"
)]
#[case::no_address(
    "alice > WHERE version=4 «address=(ip)\"localhost\"",
    "not an IP address",
    "(ip)\"127.0.0.1\""
)]
#[case::piece_of_several_cases("alice > raw («ADDRESS)$a", "which case of ADDRESS", "(ip)")]
#[case::address_of_a_lane_as_text(
    "alice > HELLO «name=(ip)@alice",
    "takes text, not an address",
    "name=@alice"
)]
#[case::address_of_no_lane(
    "alice < WHERE version=_ «address=(ip)@carol",
    "no lane carol",
    "client carol"
)]
#[case::address_as_text("alice > HELLO name=(«ip)\"::1\"", "takes text", "raw")]
#[case::name_that_is_no_setting(
    "alice < NUMBER id=?n\n client carol «name=$n",
    "$n is not a setting",
    "sets login"
)]
#[case::name_that_was_never_set(
    "client carol «name=$login",
    "no step remembers $login",
    "sets login"
)]
#[case::unbound("alice > TAKE «id=$n", "no step remembers $n", "?n")]
#[case::nearly_bound(
    "alice < NUMBER id=?count\n alice > TAKE «id=$cuont",
    "no step remembers $cuont",
    "did you mean count?"
)]
#[case::taken_in_a_send("alice > TAKE «id=?n", "remembers a received value", "$n")]
#[case::anything_in_a_send("alice > TAKE «id=_", "`_` is not a value", "the value to send")]
#[case::wrong_sort_remembered(
    "alice < NUMBER id=?n\n alice > HELLO «name=$n",
    "$n is a number, and name takes text",
    "same type"
)]
#[case::remembered_as_two_things(
    "alice < NUMBER id=?n\n alice < SAY name=_ «text=?n",
    "the name n is already used for a number",
    "another name"
)]
#[case::server_packet_sent("alice > «WELCOME", "a client never sends", "raw (opcode)WELCOME")]
#[case::client_packet_expected("alice < «HELLO name=@alice", "a server never sends", "arrow")]
#[case::does_not_fit("alice > TAKE «id=9223372036854775808", "does not fit into id", "LONG")]
#[case::does_not_fit_in_one_reading(
    "alice > TAKE «id=2147483648",
    "ranges from -2147483648 to 2147483647",
    "LONG"
)]
#[case::never_comes(
    "alice < SAY name=_ «text=(x1025)\"a\"",
    "1025 bytes can never arrive",
    "wire.kdl"
)]
#[case::number_that_never_comes("alice < NUMBER «id=-1", "-1 can never arrive", "wire.kdl")]
#[case::opcode_does_not_fit("alice > raw «(opcode)128", "128 is not an opcode", "from -128 to 127")]
#[case::length_does_not_fit(
    "alice > raw «(STRING.len)2147483648",
    "not a possible length of STRING",
    "(STRING.len)-1"
)]
#[case::typed_piece_does_not_fit("alice > raw «(INT)2147483648", "does not fit into INT", "INT")]
#[case::piece_without_mark("alice > raw «\"x\"", "has no mark", "(utf8)")]
#[case::no_pieces("alice > «raw", "lacks its bytes", "(opcode)LOGIN")]
#[case::odd_hex("alice > raw «(hex)\"0 ff\"", "`0` is not a byte", "two digits")]
#[case::not_hex("alice < bytes «(hex)\"0g\"", "`0g` is not a byte", "two digits")]
#[case::bytes_without_hash("alice < bytes «5", "which 5 bytes", "sha256=$blob")]
#[case::hash_as_text("alice < bytes 5 «sha256=\"00ff\"", "not a remembered hash", "as=blob")]
#[case::hash_of_nothing("alice < bytes 5 «sha256=$blob", "no step remembers $blob", "?blob")]
#[case::hash_of_another_length(
    "alice > random 4 as=blob\n bob < bytes 5 «sha256=$blob",
    "hash of 4 bytes, not of 5",
    "the hash covers all bytes"
)]
#[case::hash_in_a_field(
    "alice > random 4 as=blob\n alice > TAKE «id=$blob",
    "the hash of 4 bytes",
    "same type"
)]
#[case::duration_without_unit("alice < closed { within «\"5\"; }", "not a duration", "500ms")]
#[case::duration_as_number("alice < closed { within «5; }", "not a duration", "in quotes")]
#[case::no_time(
    "alice < closed { within «\"0s\"; }",
    "not a possible duration",
    "above zero"
)]
#[case::within_of_a_send(
    "alice > HELLO name=@alice { «within \"1s\"; }",
    "limits the time",
    "to the next step"
)]
#[case::split_of_an_expectation(
    "alice < WELCOME { «split every=1; }",
    "cuts what is sent",
    "{ split every=1 }"
)]
#[case::split_without_offsets(
    "alice > HELLO name=@alice { split «at=0; }",
    "does not say how to split",
    "every=1"
)]
#[case::split_backwards(
    "alice > HELLO name=@alice { split «at=\"7 3\"; }",
    "not in rising order",
    "\"3 7\""
)]
#[case::empty_text_for_each(
    "alice > HELLO «name=(each)\"x $i\"",
    "has the counter of this text",
    "repeat 40 as=i"
)]
#[case::too_long_text(
    "alice > SAY name=@alice «text=(x9999999999)\"a\"",
    "more than the maximum",
    "random"
)]
fn a_wrong_value_is_explained(#[case] steps: &str, #[case] message: &str, #[case] help: &str) {
    assert_step_mistake(steps, message, help);
}

#[rstest]
#[case::nothing_after_the_arrow("«alice >", "ends after the arrow", "a packet or a word")]
#[case::no_arrow("«alice", "lane alice lacks an arrow", "alice > ...")]
#[case::no_lane("«HELLO name=@alice", "has no lane", "alice > HELLO")]
#[case::expectation_without_lane("«closed", "has no lane", "alice < closed")]
#[case::deed_without_lane("«shutdown", "has no lane", "alice > shutdown")]
#[case::expect("alice < «expect WELCOME", "no word `expect`", "arrow")]
#[case::eof_as_a_deed("alice > «eof", "needs the opposite arrow", "alice < eof")]
#[case::close_as_an_expectation("alice < «close", "needs the opposite arrow", "alice > close")]
#[case::closed_with_something(
    "alice < closed «within=\"1s\"",
    "does not belong here",
    "{ within \"5s\" }"
)]
#[case::close_with_something("alice > close «now", "does not belong here", "alice > close")]
#[case::head_after_a_step("«hostile", "comes after a step", "before the first step")]
#[case::lane_in_quotes("client «\"carol\"", "cannot be the name of a lane", "without quotes")]
#[case::lane_called_like_a_word("client «either", "cannot be the name of a lane", "in lowercase")]
#[case::same_name_as_an_unknown_lane("client carol «name=dave", "no lane dave", "client dave")]
#[case::name_of_no_length("client carol «name-bytes=0", "not the length of a name", "from 1")]
#[case::name_of_no_characters(
    "client carol «name-chars=0",
    "not the length of a name",
    "name-chars=30"
)]
#[case::name_of_two_lengths(
    "client carol name-bytes=9 «name-chars=9",
    "already gives this name its length",
    "keep only one"
)]
#[case::filler_alone(
    "client carol «name-fill=\"x\"",
    "the length of the name",
    "name-bytes=30"
)]
#[case::random_without_length("alice > «random", "number of bytes", "1048576")]
#[case::glued_nothing("alice > «glued", "`glued` has no packets", "packets")]
#[case::order_of_one(
    "alice < «any-order { WELCOME; }",
    "needs at least two packets",
    "each on a line"
)]
#[case::one_case(
    "«alice < either { case \"a\" { closed; }; }",
    "two cases",
    "ignores it"
)]
#[case::empty_case(
    "alice < either { case \"a\" { closed; }; «case \"does b\"; }",
    "whether the target does b",
    "silence"
)]
#[case::when_without_choice(
    "when «mirror { alice < WELCOME; }",
    "a reading and its choice",
    "when echo=yes"
)]
#[case::when_without_steps("«when mirror=yes", "no steps", "when echo=yes")]
#[case::contradicting_whens(
    "when mirror=yes { when «mirror=no { alice < WELCOME; }; alice < WELCOME; }",
    "never runs",
    "remove one"
)]
#[case::repeat_nothing("«repeat 3", "no steps to repeat", "steps")]
#[case::repeat_never("«repeat 0 { alice < WELCOME; }", "a number from 1", "repeat 40")]
#[case::repeat_too_often(
    "«repeat 10000 { alice < WELCOME; }",
    "more than 10000 steps",
    "fewer repetitions"
)]
#[case::repeat_inside_repeat(
    "repeat 100 { repeat 100 { «repeat 100 { alice < WELCOME; }; }; }",
    "more than 10000 steps",
    "fewer repetitions"
)]
#[case::eventually_nothing(
    "«eventually 20 { alice > HELLO name=@alice; }",
    "a try has succeeded",
    "again <"
)]
#[case::eventually_for_ever(
    "«eventually 9999 { alice < WELCOME; }",
    "from 1 to 600",
    "eventually 20"
)]
#[case::distinct_from_itself("alice < NUMBER id=?n\n distinct $n «$n", "never differs", "once")]
#[case::distinct_alone("alice < NUMBER id=?n\n «distinct $n", "at least two", "$a $b")]
#[case::together_alone(
    "«together { alice > HELLO name=@alice; }",
    "at least two lanes",
    "bob > ..."
)]
#[case::together_inside(
    "together { alice < WELCOME; «together { bob < WELCOME; }; }",
    "inside another `together`",
    "one block"
)]
#[case::arguments("«use hello", "fragment hello is 1, not 0", "use hello who")]
fn a_wrong_step_is_explained(#[case] steps: &str, #[case] message: &str, #[case] help: &str) {
    assert_step_mistake(steps, message, help);
}

#[rstest]
#[case::race(
    "alice > HELLO name=@alice\n «bob > HELLO name=@bob",
    "bob sends directly after alice",
    "together { ... }"
)]
#[case::race_into_together(
    "client carol\n alice > HELLO name=@alice\n together { «bob > HELLO name=@bob; carol < WELCOME; }",
    "bob sends directly after alice",
    "together { ... }"
)]
#[case::race_out_of_together(
    "client carol\n together { alice > HELLO name=@alice; bob > HELLO name=@bob; }\n «carol > HELLO name=@carol",
    "carol sends directly after",
    "together { ... }"
)]
#[case::taken_beside(
    "together { alice < NUMBER id=?n; bob > TAKE «id=$n; }",
    "alice may not have remembered $n yet",
    "after the block"
)]
#[case::silence_beside(
    "together { bob < WELCOME; alice < silence «after=bob; }",
    "`after=` cannot name another lane",
    "after the block"
)]
#[case::two_lanes_in_a_block_beside(
    "together { alice < WELCOME; «when mirror=yes { alice < WELCOME; bob < WELCOME; }; }",
    "belongs to several lanes, or to none",
    "must belong to exactly one lane"
)]
#[case::closed_and_used(
    "alice > close\n «alice > HELLO name=@alice",
    "has ended: `close` on line 6",
    "client alice"
)]
#[case::reset_and_used(
    "alice < reset\n «alice < WELCOME",
    "has ended: `reset` on line 6",
    "client alice"
)]
#[case::shut_and_sending(
    "alice > shutdown\n «alice > HELLO name=@alice",
    "after its `shutdown` on line 6",
    "only reads"
)]
#[case::closed_in_every_case(
    "alice < either { case \"a\" { closed; }; case \"b\" { WELCOME; closed; }; }\n «alice < WELCOME",
    "has ended",
    "client alice"
)]
#[case::closed_inside_a_case(
    "alice < either { case \"a\" { closed; «WELCOME; }; case \"b\" { WELCOME; }; }",
    "has ended",
    "before"
)]
#[case::lane_of_a_case(
    "either { case \"a\" { client carol; alice < WELCOME; }; case \"b\" { bob < WELCOME; }; }\n «carol < WELCOME",
    "no lane carol",
    "before that block"
)]
#[case::bound_in_one_case(
    "alice < either { case \"a\" { NUMBER id=?n; }; case \"b\" { WELCOME; }; }\n alice > TAKE «id=$n",
    "$n may have no value here",
    "in every case"
)]
#[case::bound_in_one_reading(
    "when mirror=yes { alice < NUMBER id=?n; }\n alice > TAKE «id=$n",
    "$n may have no value here",
    "in every case"
)]
fn a_step_that_earlier_steps_make_wrong_is_explained(
    #[case] steps: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    assert_step_mistake(steps, message, help);
}

#[rstest]
#[case::no_title(
    "«scenario \"a\" { checks ECHO-1; client a; }",
    "a has no title",
    "title \""
)]
#[case::no_checks(
    "«scenario \"a\" { title \"t\"; client a; }",
    "checks no requirement",
    "checks CHATON"
)]
#[case::no_steps(
    "«scenario \"a\" { title \"t\"; checks ECHO-1; }",
    "has no steps",
    "client alice"
)]
#[case::empty("«scenario \"a\"", "has no title", "title \"")]
#[case::no_id(
    "«scenario { title \"t\"; checks ECHO-1; client a; }",
    "needs an id",
    "login-taken"
)]
#[case::strange_id(
    "scenario «\"A b\" { title \"t\"; checks ECHO-1; client a; }",
    "needs an id",
    "lowercase"
)]
#[case::same_id(
    "scenario «\"hello\" { title \"t\"; checks ECHO-1; client a; }",
    "a second scenario hello",
    "another name"
)]
#[case::requirement(
    "scenario \"a\" { title \"t\"; checks «ECHO-11; client a; }",
    "no requirement ECHO-11",
    "did you mean ECHO-1?"
)]
#[case::title_without_quotes(
    "scenario \"a\" { «title hello; checks ECHO-1; client a; }\n",
    "a title must be a single text",
    "in quotes"
)]
#[case::setting_in_quotes(
    "scenario \"a\" { title \"t\"; checks ECHO-1; sets «\"x\"; client a; }",
    "not the name of a setting",
    "identify-timeout"
)]
#[case::reading_of_a_probe(
    "probe «widht { title \"t\"; client a; }",
    "no reading with the name \"widht\"",
    "did you mean width?"
)]
#[case::something_else(
    "«scenarios \"a\" { }",
    "cannot be at the top level",
    "did you mean scenario?"
)]
#[case::same_fragment(
    "fragment «hello who { client who; }",
    "a second fragment hello",
    "another name"
)]
#[case::fragment_without_steps(
    "«fragment a who { proved-by \"hello\"; }\nscenario \"a\" { title \"t\"; checks ECHO-1; client b; use a b; }",
    "no steps",
    "fragment login who"
)]
#[case::parameter_called_like_a_word(
    "fragment a «either { client b; }\n scenario \"a\" { title \"t\"; checks ECHO-1; client b; }",
    "cannot be a parameter",
    "lowercase"
)]
#[case::prover(
    "fragment a who { proved-by «\"helo\"; client who; }\nscenario \"a\" { title \"t\"; checks ECHO-1; use a b; }",
    "no scenario \"helo\"",
    "did you mean hello?"
)]
#[case::recursion(
    "fragment a who { client who; use «a who; }\nscenario \"a\" { title \"t\"; checks ECHO-1; use a b; }",
    "fragment a uses itself",
    "through other fragments"
)]
#[case::long_way_round(
    "fragment a who { use b who; }\nfragment b who { client who; use «a who; }\nscenario \"a\" { title \"t\"; checks ECHO-1; use a b; }",
    "fragment a uses itself",
    "through other fragments"
)]
fn a_wrong_head_or_fragment_is_explained(
    #[case] source: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    assert_scenario_mistake(source, message, help);
}

#[test]
fn scenarios_that_prove_each_other_are_reported() {
    let source = r#"
fragment one who { proved-by "first"; client who; }
fragment two who { proved-by "second"; client who; }
scenario "first" { title "t"; checks ECHO-1; use two a; }
scenario "second" { title "t"; checks ECHO-1; use one a; }
"#;
    let found =
        super::suite(super::SPEC, super::WIRE, &[super::SHARED, source]).expect_err("a circle");
    assert_eq!(found.errors(), 2, "{found}");
    assert!(
        found
            .to_string()
            .contains("first proves a fragment, but also depends"),
        "{found}"
    );
}

#[test]
fn a_mistake_in_a_fragment_is_reported_once_and_names_a_scenario() {
    let source = r#"
fragment bad who { client who; who > «HELO name=@who; }
scenario "a" { title "t"; checks ECHO-1; repeat 5 as=i { use bad c$i; } }
scenario "b" { title "t"; checks ECHO-1; use bad c; }
"#;
    assert_scenario_mistake(
        source,
        "no packet HELO",
        "when scenario a uses this fragment",
    );
}

#[test]
fn a_line_of_a_wrong_shape_in_a_fragment_names_a_scenario_too() {
    let source = r#"
fragment bad who { client who «shape=round; }
scenario "a" { title "t"; checks ECHO-1; use bad c; }
"#;
    assert_scenario_mistake(
        source,
        "`client` has no property shape",
        "when scenario a uses this fragment",
    );
}

#[test]
fn many_mistakes_are_reported_in_one_run() {
    let source = super::in_scenario(
        "alice > HELO name=@alice\n alice < closed { within \"x\"; }\n carol > close\n use nothing",
    );
    let found = super::suite(super::SPEC, super::WIRE, &[super::SHARED, &source])
        .expect_err("four mistakes");
    assert_eq!(found.errors(), 4, "{found}");
}
