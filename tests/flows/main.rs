//! End-to-end flows: each test starts the program, creates clips and plays them, as operators and
//! viewers do.

mod announce;
mod channel;
mod harvest;
mod live;
mod local;
mod player;
mod private;
mod readme;
mod restart;
mod start;
mod upload;
