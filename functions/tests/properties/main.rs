//! Property tests: each rule is checked with random values, and a failing value is reduced to a
//! minimal one.

mod cursor;
mod ids;
mod timeline;
mod times;
mod transitions;
mod values;
mod windows;
