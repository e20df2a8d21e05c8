//! Causes that the failures themselves show, without the atlas.

use std::collections::BTreeMap;

use crate::run::{FailureKind, IncidentKind};

use super::cause::{Evidence, RootCause, id_of};
use super::cover::Chosen;
use super::fact;
use super::observed::{Observed, Symptom};

/// Returns a cause that no known fault explains.
pub(super) fn own_cause<'a>(
    evidence: Evidence,
    does: String,
    explains: impl IntoIterator<Item = &'a str>,
) -> RootCause {
    RootCause {
        id: id_of(&does),
        evidence,
        does,
        breaks: None,
        or: Vec::new(),
        explains: explains.into_iter().map(str::to_owned).collect(),
        hides: Vec::new(),
        contradicted_by: Vec::new(),
    }
}

/// Returns a cause for each fact that the bytes prove and that no chosen fault shows.
pub(super) fn facts(chosen: &[Chosen<'_>], observed: &Observed) -> Vec<RootCause> {
    let mut facts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, symptom) in &observed.failed {
        if let Some(hint) = symptom.fact()
            && !chosen.iter().any(|chosen| chosen.shows(hint))
        {
            facts.entry(hint).or_default().push(id);
        }
    }
    let cause = |(hint, ids)| own_cause(Evidence::Bytes, fact::in_words(hint), ids);
    facts.into_iter().map(cause).collect()
}

/// Returns a cause for each kind of crash, and for each other thing that happened to the process of the target.
pub(super) fn incidents(observed: &Observed) -> Vec<RootCause> {
    let mut kinds: BTreeMap<(Evidence, String), Vec<&str>> = BTreeMap::new();
    for (id, symptom) in &observed.failed {
        if let Some(kind) = incident(symptom) {
            kinds.entry(kind).or_default().push(id);
        }
    }
    let cause = |((evidence, does), ids)| own_cause(evidence, does, ids);
    kinds.into_iter().map(cause).collect()
}

fn incident(symptom: &Symptom) -> Option<(Evidence, String)> {
    if let Some(signature) = &symptom.crash {
        return Some((Evidence::Crash, format!("ends: {signature}")));
    }
    let does = match (symptom.kind, symptom.incident) {
        (_, Some(IncidentKind::Hang)) | (Some(FailureKind::TargetHangs), _) => {
            "stops answering all clients"
        }
        (_, Some(IncidentKind::Crash)) | (Some(FailureKind::TargetDied), _) => {
            "no longer accepts clients"
        }
        (_, Some(IncidentKind::Busy)) => "keeps a processor busy while no client is connected",
        (_, Some(IncidentKind::Threads)) => "keeps threads after their clients have left",
        (_, Some(IncidentKind::Descriptors)) => {
            "keeps connections open after their clients have left"
        }
        (_, None) => return None,
    };
    Some((Evidence::Process, does.to_owned()))
}
