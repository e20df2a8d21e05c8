//! Reads scenario files: inserts fragments, unrolls repetitions, looks up every name, and explains every mistake.
//!
//! Reading and lint are done in one pass, because the steps before a step decide what this step may contain. They decide
//! which lanes are open, and which values are remembered. They also decide which lanes have sent something whose effect no
//! step has checked yet.
//!
//! | file | what |
//! |---|---|
//! | `head` | the ids of scenarios and probes; title, checks, alone, lock, hostile, sets |
//! | `fragment`, `expand` | shared steps, and how parameters and counters are replaced |
//! | `budget` | limits on the size of an unrolled suite |
//! | `scope` | what is known at a step: lanes, remembered values, sends whose effect was not checked |
//! | `step` | one line of a scenario: lane, arrow, and what follows the arrow |
//! | `lane`, `send`, `raw`, `sign`, `expect`, `within` | what a lane does, what it must receive, and until when |
//! | `packet`, `value`, `literal` | packets, and the values of their fields |
//! | `either`, `flow`, `together` | blocks |
//! | `mistake` | the messages of lint |

mod budget;
mod either;
mod expand;
mod expect;
mod flow;
mod fragment;
mod head;
mod lane;
mod literal;
mod mistake;
mod packet;
mod raw;
mod scope;
mod send;
mod sign;
mod step;
mod together;
mod value;
mod within;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Context, LaneId, Scenario};
use crate::grammar::Choices;
use crate::source::{Check, Findings, Mistake, Node, Placed, SourceFile, Span};
use budget::Budget;
use fragment::Fragments;
use head::collect_ids;
use scope::{Remembered, Scope, TogetherScope};

/// Reads the scenarios and probes of all scenario files of a suite, in their order.
pub fn read_scenarios(
    files: &[(Arc<SourceFile>, Vec<Node>)],
    context: Context<'_>,
    findings: &mut Findings,
) -> Vec<Scenario> {
    let nodes: Vec<&Node> = files.iter().flat_map(|(_, nodes)| nodes).collect();
    let fragments = Fragments::collect(&nodes, findings);
    let heads = collect_ids(&nodes, context, findings);
    let ids: BTreeSet<String> = heads.iter().map(|(id, _)| id.clone()).collect();
    fragments.check_provers(&ids, findings);
    let mut budget = Budget::of_a_suite();
    let scenarios = heads
        .into_iter()
        .map(|(id, node)| {
            let mut reader = Reader::new(&id, context, &fragments, &mut budget, findings);
            reader.scenario(id.clone(), node)
        })
        .collect();
    fragments.check_used(context.inherited, findings);
    scenarios
}

/// Reads one scenario.
struct Reader<'a> {
    context: Context<'a>,
    fragments: &'a Fragments<'a>,
    budget: &'a mut Budget,
    findings: &'a mut Findings,
    /// The scenario's own id. If this scenario itself judges a fragment, no other scenario can be the cause of a failure in
    /// that fragment.
    id: &'a str,
    scenario: Scenario,
    scope: Scope,
    /// What is known inside a `together`; `None` outside.
    together: Option<TogetherScope>,
    /// The lane whose step is being read.
    lane: Option<LaneId>,
    /// Inside a `when`: the readings and choices that the `when` demands.
    choices: Choices,
    /// The fragments that are being read, the outermost first.
    inside: Vec<&'a str>,
    /// The depth of blocks and fragments at this point.
    nesting: usize,
    /// The number of mistakes in this scenario so far. A mistake in a fragment counts here even if another scenario that
    /// uses the fragment has reported it already.
    mistakes: usize,
    /// The place of the last send, if no step has expected anything after it.
    sent_last: Option<(Arc<SourceFile>, Span)>,
}

impl<'a> Reader<'a> {
    fn new(
        id: &'a str,
        context: Context<'a>,
        fragments: &'a Fragments<'a>,
        budget: &'a mut Budget,
        findings: &'a mut Findings,
    ) -> Reader<'a> {
        Reader {
            context,
            fragments,
            budget,
            findings,
            id,
            scenario: Scenario::default(),
            scope: Scope::default(),
            together: None,
            lane: None,
            choices: Choices::new(),
            inside: Vec::new(),
            nesting: 0,
            mistakes: 0,
            sent_last: None,
        }
    }

    fn scenario(&mut self, id: String, node: &Node) -> Scenario {
        let probed = id.strip_prefix("probe-");
        let probed = probed.filter(|_| node.name.text == "probe");
        self.scenario.probes = probed.map(str::to_owned);
        self.scenario.id = id;
        self.scenario.file.clone_from(&node.file.name);
        let text = node.file.text.get(node.span.clone());
        self.scenario.text = text.unwrap_or_default().to_owned();
        for (key, _) in node.properties() {
            self.report(key, mistake::property_after_id(&key.text));
        }
        let help = "an id must be one word: scenario \"login-taken\" { ... }";
        self.no_extra(node.arguments().nth(1), help);
        self.budget.next_scenario();
        for setting in &self.context.grammar.settings {
            let known = &mut self.scope.bound;
            known.insert(setting.name.clone(), Remembered::Setting);
        }
        let steps_begin = self.head(node);
        let steps = self.steps(node.block().get(steps_begin..).unwrap_or_default());
        self.check_whole(node, steps.is_empty());
        self.scenario.steps = steps;
        self.scenario.clone()
    }

    fn check_whole(&mut self, node: &Node, is_empty: bool) {
        let id = self.scenario.id.clone();
        let says = |word: &str| node.block().iter().any(|child| child.name.text == word);
        if !says("title") {
            self.report(node, mistake::no_title(id));
        } else if !says("checks") && self.scenario.probes.is_none() {
            self.report(node, mistake::checks_nothing(id));
        } else if is_empty && self.mistakes == 0 {
            self.report(node, mistake::no_steps(id));
        }
        if let Some(sent_last) = self.sent_last.take() {
            let unchecked = mistake::last_send_unchecked();
            self.findings.warning(&sent_last, unchecked);
        }
    }
}

/// Reports mistakes. If a mistake is in a fragment, the scenario that uses the fragment may be the cause. So the help names
/// that scenario.
impl Check for Reader<'_> {
    fn report(&mut self, at: &impl Placed, mut mistake: Mistake) {
        self.mistakes += 1;
        if !self.inside.is_empty() {
            mistake.help = format!(
                "{} (when scenario {} uses this fragment)",
                mistake.help, self.id
            );
        }
        self.findings.error(at, mistake);
    }
}
