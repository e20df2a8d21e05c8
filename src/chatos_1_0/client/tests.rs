//! Conversations as data: who says what, and what follows.
