//! Flows end to end, as a user would see them: the program is started, a live stream is on air,
//! clips are cut and watched.

mod clip;
mod live;
mod local;
mod notices;
mod player;
mod private;
mod readme;
mod restart;
mod start;
mod upload;
