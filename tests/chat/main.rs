//! Tests of `matou chat` that use the program as a shell or a script would use it.

mod chathack;
mod chatos;
mod chatr;
mod files;
mod hostile;
mod program;
mod reconnecting;
mod screen;
mod talking;
mod terminal;
mod tunnelling;
