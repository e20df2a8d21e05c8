//! One line of a scenario.

use super::Reader;
use super::budget::{MAX_NESTING, MAX_STEPS};
use crate::scenario::{Action, Arrow, LaneId, Step, Verb, WORDS};
use crate::source::{Entry, Node, Scalar, Span, Word, did_you_mean, nearest};

/// Maximum length of a step's text in reports. The file has the rest.
const MAX_TEXT_CHARS: usize = 200;

/// What follows an arrow, or, in the block of a lane's step, a line without one.
pub(super) struct Phrase<'n> {
    pub(super) node: &'n Node,
    pub(super) verb: Verb,
    /// The verb or the packet, as written.
    pub(super) word: &'n str,
    pub(super) verb_span: &'n Span,
    /// The words that follow it.
    pub(super) entries: &'n [Entry],
    pub(super) block: &'n [Node],
}

impl<'n> Phrase<'n> {
    /// Makes a phrase of a node in a block whose lane and arrow are known.
    pub(super) fn of_node(node: &'n Node) -> Phrase<'n> {
        Phrase {
            node,
            verb: Verb::of(&node.name.text),
            word: &node.name.text,
            verb_span: &node.name.span,
            entries: &node.entries,
            block: node.block(),
        }
    }

    pub(super) fn arguments(&self) -> impl Iterator<Item = &'n Entry> {
        self.entries.iter().filter(|entry| entry.key.is_none())
    }

    pub(super) fn properties(&self) -> impl Iterator<Item = (&'n Word, &'n Entry)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.key.as_ref()?, entry)))
    }

    pub(super) fn property(&self, key: &str) -> Option<&'n Entry> {
        self.properties()
            .find(|(word, _)| word.text == key)
            .map(|(_, entry)| entry)
    }
}

/// Checks that many steps share. Each returns `None` if it reported a mistake.
impl Reader<'_> {
    /// Checks that nothing follows. `extra` is the first thing that does.
    pub(super) fn no_extra(
        &mut self,
        node: &Node,
        extra: Option<&Entry>,
        help: &str,
    ) -> Option<()> {
        let Some(extra) = extra else {
            return Some(());
        };
        self.refuse(
            node,
            &extra.span,
            format!("`{extra}` does not belong here"),
            help,
        )
    }

    /// Checks that only these properties follow.
    pub(super) fn only_properties(
        &mut self,
        phrase: &Phrase<'_>,
        known: &[&str],
        help: &str,
    ) -> Option<()> {
        let mut properties = phrase.properties();
        match properties.find(|(key, _)| !known.contains(&key.text.as_str())) {
            None => Some(()),
            Some((key, _)) => {
                let message = format!("`{}` has no {}", phrase.word, key.text);
                self.refuse(phrase.node, &key.span, message, help)
            }
        }
    }
}

impl Reader<'_> {
    /// Reads a block of steps.
    pub(super) fn steps(&mut self, nodes: &[Node]) -> Vec<Step> {
        let mut steps = Vec::new();
        for node in nodes {
            if self.is_spent(node) {
                break;
            }
            self.step(node, &mut steps);
        }
        steps
    }

    pub(super) fn step(&mut self, node: &Node, out: &mut Vec<Step>) {
        if !self.budget.take_step() {
            self.report_size(node);
            return;
        }
        if let Some(arrow) = arrow(node) {
            self.lane_step(node, arrow, out);
            return;
        }
        if self.nesting >= MAX_NESTING {
            let message = format!(
                "steps are nested more than {MAX_NESTING} deep, including those of fragments"
            );
            let help = "let fragments use fewer other fragments";
            return self.error(node, &node.name.span, message, help);
        }
        self.nesting += 1;
        self.block(node, out);
        self.nesting -= 1;
    }

    fn block(&mut self, node: &Node, out: &mut Vec<Step>) {
        match node.name.text.as_str() {
            "client" => self.client(node, out),
            "together" => self.together(node, out),
            "either" => self.either(node, out),
            "eventually" => self.eventually(node, out),
            "repeat" => self.repeat(node, out),
            "when" => self.when(node, out),
            "distinct" => self.distinct(node, out),
            "use" => {
                let steps = self.use_fragment(node);
                out.extend(steps);
            }
            _ => self.unknown_step(node),
        }
    }

    /// Returns whether no more steps may be read, and reports the first one that is too many.
    pub(super) fn is_spent(&mut self, next: &Node) -> bool {
        let spent = self.budget.is_spent();
        if spent {
            self.report_size(next);
        }
        spent
    }

    /// Reports, once for each scenario, that it is too large.
    pub(super) fn report_size(&mut self, node: &Node) {
        if self.budget.is_first_report() {
            let message = format!(
                "{} has more than {MAX_STEPS} steps, including fragments and repetitions",
                self.scenario.id
            );
            let id_span = node.name.span.clone();
            self.error(
                node,
                &id_span,
                message,
                "repeat less often; to put a load on a server, use `conformance load`",
            );
        }
    }

    fn lane_step(&mut self, node: &Node, arrow: Arrow, out: &mut Vec<Step>) {
        let Some(verb) = node
            .entries
            .get(1)
            .filter(|entry| entry.key.is_none() && entry.mark.is_none())
        else {
            let help = "write a packet or a word after the arrow: alice > LOGIN login=@alice";
            self.error(node, &node.name.span, "the step ends after the arrow", help);
            return;
        };
        let Scalar::Word(word) = &verb.value else {
            let help = "write a packet or a word after the arrow; send bytes with `raw`, expect them with `bytes`";
            self.error(
                node,
                &verb.span,
                format!("{verb} is neither a packet nor a word"),
                help,
            );
            return;
        };
        let Some(lane) = self.lane_of_step(node, arrow, Verb::of(word)) else {
            return;
        };
        let phrase = Phrase {
            node,
            verb: Verb::of(word),
            word,
            verb_span: &verb.span,
            entries: node.entries.get(2..).unwrap_or_default(),
            block: node.block(),
        };
        self.lane = Some(lane);
        let action = match arrow {
            Arrow::Does => self.does(lane, &phrase),
            Arrow::Sees => self.sees(lane, &phrase),
        };
        if let Some(action) = action {
            out.push(self.make_step(node, node.to_string(), action));
        }
        self.lane = None;
    }

    pub(super) fn make_step(&self, node: &Node, text: String, action: Action) -> Step {
        Step {
            action,
            file: node.file.name.clone(),
            span: node.span.clone(),
            line: node.file.place(node.span.start).0,
            text: shortened(text),
            proved_by: self.proved_by(),
        }
    }

    /// Returns the name of a lane, for messages.
    pub(super) fn lane_name(&self, lane: LaneId) -> String {
        self.scenario
            .lanes
            .get(lane.0)
            .map(|lane| lane.name.clone())
            .unwrap_or_default()
    }

    fn unknown_step(&mut self, node: &Node) {
        let word = node.name.text.as_str();
        let span = &node.name.span;
        let behind = node
            .entries
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        if [
            "title", "checks", "alone", "lock", "hostile", "slow", "sets",
        ]
        .contains(&word)
        {
            self.error(
                node,
                span,
                format!("`{word}` comes after a step"),
                "move it to the head, before the first step",
            );
        } else if ["->", "=>", "<-", "<=", ">>", "<<", ":"].contains(&behind.as_str()) {
            self.error(
                node,
                node.entries.first().map_or(span, |entry| &entry.span),
                format!("`{behind}` is not an arrow"),
                "`>` is what the lane does, `<` is what it must receive",
            );
        } else if self.scope.lanes.contains_key(word) {
            let help =
                format!("write what it does, {word} > ..., or what it must receive, {word} < ...");
            self.error(node, span, format!("lane {word} lacks an arrow"), help);
        } else if self.context.grammar.packet_named(word).is_some() {
            let help = format!(
                "write the lane that sends it, alice > {word}, or that must receive it, alice < {word}"
            );
            self.error(node, span, format!("{word} has no lane and no arrow"), help);
        } else if Verb::of(word).arrow() == Some(Arrow::Sees)
            || ["within", "not-before"].contains(&word)
        {
            self.error(
                node,
                span,
                format!("`{word}` has no lane"),
                format!("write the lane that must receive it: alice < {word}"),
            );
        } else if Verb::of(word).arrow() == Some(Arrow::Does) || word == "split" {
            self.error(
                node,
                span,
                format!("`{word}` has no lane"),
                format!("write the lane that does it: alice > {word}"),
            );
        } else {
            let lanes = self.scope.lanes.keys().map(String::as_str);
            let known = WORDS.iter().copied().chain(lanes);
            let help = did_you_mean(word, known)
                .unwrap_or_else(|| "a step is `client NAME`, `NAME > ...`, `NAME < ...` or a block such as together { }".to_owned());
            self.error(node, span, format!("`{word}` cannot begin a step"), help);
        }
    }

    /// Returns the lane that a step names, if it is declared and can still be used in this way.
    fn lane_of_step(&mut self, node: &Node, arrow: Arrow, verb: Verb) -> Option<LaneId> {
        let name = node.name.text.as_str();
        let id = self.lane_named(node, name, &node.name.span)?;
        let lane = self.scope.lanes.get(name)?;
        if let Some((how, line)) = lane.ended {
            let help = format!("open a new connection with `client {name}`, or remove the step");
            return self.refuse(
                node,
                &node.name.span,
                format!("lane {name} has ended: `{how}` on line {line}"),
                help,
            );
        }
        let sends = arrow == Arrow::Does && verb.needs_open_side();
        if let Some(line) = lane.shut.filter(|_| sends) {
            let help = "after `shutdown` a lane only reads; move the shutdown after the last send";
            return self.refuse(
                node,
                &node.name.span,
                format!("lane {name} cannot send after its `shutdown` on line {line}"),
                help,
            );
        }
        Some(id)
    }

    /// Looks up a lane by name.
    pub(super) fn lane_named(&mut self, node: &Node, name: &str, span: &Span) -> Option<LaneId> {
        if let Some(lane) = self.scope.lanes.get(name) {
            return Some(lane.id);
        }
        let near = nearest(name, self.scope.lanes.keys().map(String::as_str));
        let help = match near {
            _ if name.starts_with(['@', '$', '?']) => {
                "write the lane before the arrow without a sign: alice > ...".to_owned()
            }
            Some(near) => format!("did you mean {near}?"),
            None if self.scenario.lanes.iter().any(|lane| lane.name == name) => {
                format!(
                    "it is declared inside a case or a `when`; move `client {name}` before the block"
                )
            }
            None => format!("declare it first: client {name}"),
        };
        self.refuse(node, span, format!("there is no lane {name}"), help)
    }
}

/// Returns the arrow after a lane, if the node is a step of a lane.
pub(super) fn arrow(node: &Node) -> Option<Arrow> {
    match node.entries.first().and_then(Entry::word) {
        Some(">") => Some(Arrow::Does),
        Some("<") => Some(Arrow::Sees),
        _ => None,
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
