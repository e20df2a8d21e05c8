//! The mistakes that can be found only in a whole suite, or in its folder.

use crate::source::mistakes;

mistakes! {
    // Files.
    unknown_protocol(known) = "there is neither a protocol nor a folder with this name",
        "write the name of a protocol that comes with the program, or the path of a folder; {known}";
    unreadable_file(error, help) = "cannot read the file: {error}", "{help}";
    unreadable_folder(error) = "cannot read the folder: {error}",
        "write scenarios in files scenarios/*.kdl";

    unread_file() = "this file is ignored", "write the end of its name in lowercase: .kdl";
    unread_folder() = "the scenarios in this folder are ignored",
        "move its files up into the folder `scenarios`; the program reads only the files that are directly in that folder";

    // The whole suite.
    no_scenarios() = "the suite has no scenarios", "write them into files scenarios/*.kdl";
    no_such_requirement(id) = "spec.md has no requirement {id}", "";
    unchecked(id) = "no scenario checks {id}",
        "write {id} after `checks` in a scenario that tests it, or write in the remarks of {id} why no scenario can test it";
    not_probed(reading) = "no probe finds out which choice of the reading {reading} a server follows",
        "write a scenario: probe {reading} {{ ... }}";
    no_such_scenario(id) = "there is no scenario {id}", "";
    proves_itself(id) = "{id} proves a fragment, but also depends on this fragment",
        "in this scenario, write out the steps instead of `use`: a scenario that proves a fragment must not depend on it, not even through other fragments";

    // Inheritance.
    no_such_base(name, known) = "there is no protocol {name} to extend",
        "a protocol can extend only a protocol that comes with the program: {known}";
    inherits_nothing(word) = "this protocol inherits nothing that `{word}` could change",
        "`{word}` changes an inherited protocol; write in wire.kdl: protocol NAME extends=chaton {{ ... }}";
    removes_nothing() = "`remove` names no scenario",
        "write the ids of the scenarios that the protocol must not inherit: remove \"whisper-to-oneself\"";
    removed_already(base, id) = "scenario {id} of {base} is already removed or replaced", "remove or replace each inherited scenario only once";
    not_inherited(base, id) = "{base} has no scenario {id}",
        "write the id of an inherited scenario, or remove this line";
    not_replaced(base, kind, name) = "{base} already has a {kind} {name}",
        "to replace the inherited {kind}, write `replaces` at the beginning of this block; to keep it, give this block another name";
    replaces_with_value() = "`replaces` takes no value",
        "write only `replaces`: it replaces the inherited scenario, probe or fragment that has the same name";
    replaces_nothing(base, kind, name) = "{base} has no {kind} {name} to replace",
        "remove `replaces`, because no inherited {kind} has this name";
}
