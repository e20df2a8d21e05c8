//! A scenario's head: the lines before its first step.

use super::Reader;
use super::fragment::is_name;
use super::scope::Remembered;
use crate::scenario::Company;
use crate::source::{Entry, Node, one_of};

impl Reader<'_> {
    /// Reads the head. Returns where the steps begin.
    pub(super) fn head(&mut self, node: &Node) -> usize {
        let mut steps_begin = 0;
        for child in node.block() {
            match child.name.text.as_str() {
                "title" => self.title(child),
                "checks" => self.checks(child),
                "alone" => self.scenario.company = Company::Alone,
                "lock" => self.lock(child),
                "hostile" => self.scenario.hostile = true,
                "slow" => self.scenario.slow = true,
                "sets" => self.sets(child),
                _ => break,
            }
            if matches!(child.name.text.as_str(), "alone" | "hostile" | "slow")
                && let Some(extra) = child.entries.first()
            {
                self.error(
                    child,
                    &extra.span,
                    format!("`{}` takes no value", child.name.text),
                    "remove everything after it",
                );
            }
            steps_begin += 1;
        }
        steps_begin
    }

    fn title(&mut self, node: &Node) {
        match node.entries.as_slice() {
            [entry] if entry.text().is_some_and(|text| !text.trim().is_empty()) => {
                self.scenario.title = entry.text().unwrap_or_default().to_owned();
            }
            _ => self.error(
                node,
                &node.name.span,
                "a title is one text",
                "write it in quotes: title \"a free login is accepted\"",
            ),
        }
    }

    fn checks(&mut self, node: &Node) {
        if node.entries.is_empty() {
            self.error(
                node,
                &node.name.span,
                "`checks` lacks a requirement",
                "cite spec.md: checks CHATON-1.3",
            );
        }
        for entry in &node.entries {
            let id = entry
                .name()
                .filter(|_| entry.key.is_none())
                .unwrap_or_default();
            if !self.context.requirements.contains(&id) {
                let help = one_of(&id, self.context.requirements.iter().map(String::as_str));
                self.error(
                    node,
                    &entry.span,
                    format!("spec.md has no requirement {entry}"),
                    help,
                );
            } else if !self.scenario.checks.contains(&id) {
                self.scenario.checks.push(id);
            }
        }
    }

    fn lock(&mut self, node: &Node) {
        match node.entries.as_slice() {
            [entry] if entry.key.is_none() => {
                self.scenario.company = Company::Lock(entry.name().unwrap_or_default());
            }
            _ => self.error(
                node,
                &node.name.span,
                "a lock has one name",
                "write: lock \"accounts\"",
            ),
        }
    }

    fn sets(&mut self, node: &Node) {
        if node.entries.is_empty() {
            self.error(
                node,
                &node.name.span,
                "`sets` lacks a name",
                "write: sets identify-timeout",
            );
        }
        for entry in &node.entries {
            let name = entry
                .word()
                .filter(|word| is_name(word) && entry.key.is_none());
            let Some(name) = name.map(str::to_owned) else {
                let help = "write: sets identify-timeout; its value comes from the command line";
                self.error(
                    node,
                    &entry.span,
                    format!("{} is not the name of a setting", written(entry)),
                    help,
                );
                continue;
            };
            self.scope.bound.insert(name.clone(), Remembered::Setting);
            self.scenario.sets.push(name);
        }
    }
}

fn written(entry: &Entry) -> String {
    entry.to_string()
}
