//! Properties that hold for every value. Each test tries random values, and reduces a failing one to
//! the smallest that still fails.

mod changes;
mod cursor;
mod ids;
mod rules;
mod timeline;
mod times;
mod transitions;
mod values;
mod windows;
