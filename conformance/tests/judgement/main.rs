//! Tests of the rules of judgement. For each rule, the tests have a target with a fault that this rule must find.

mod alternatives;
mod company;
mod contact;
mod departures;
mod dependence;
mod explanation;
mod hostile;
mod known;
mod protocol;
mod reading;
mod segments;
mod settings;
mod silence;
mod target;
mod tls;
mod verdicts;
