//! Each rule of judgement against a target that was written to break it.

mod alternatives;
mod company;
mod contact;
mod dependence;
mod explanation;
mod hostile;
mod protocol;
mod reading;
mod settings;
mod silence;
mod target;
mod tls;
mod verdicts;
