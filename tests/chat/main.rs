//! `matou chat`, driven as a shell or a script would drive it.

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
