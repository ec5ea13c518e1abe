//! One program for all tests of the engine: linking the engine takes longer than running them.

mod adapters;
mod bench;
mod need;
mod outputs;
mod prompts;
mod real;
mod session;
mod support;
