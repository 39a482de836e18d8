//! What holds for every value, and not for the tables' only: random ones are tried, and what fails
//! is made smaller until it can be read.

mod cursor;
mod ids;
mod timeline;
mod times;
mod transitions;
mod values;
mod windows;
