//! The course keeps its promises: what the judge says about each step, what each step costs in threads, how step 7 ends, and
//! what the lessons show and link to.

#[cfg(unix)]
mod ends;
mod lessons;
mod step;
mod verdicts;
