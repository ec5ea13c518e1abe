//! Requests become prompts, prompts become tokens.
//!
//! A [`Session`] holds a bundle and an engine, with one queue in front of the model. The [`Engine`] is a trait; mistral.rs implements it.

mod adapters;
mod answer;
mod bench;
mod cancel;
mod engine;
mod error;
mod header;
mod memory;
mod mistral;
mod need;
mod panics;
mod plan;
mod prompt;
mod repeats;
mod run;
mod scratch;
mod session;
mod statistics;
mod tokenizer;
mod worker;

pub use adapters::AdapterCache;
pub use answer::{AnswerText, Ended};
pub use bench::{BenchInput, BenchPair, BenchPlan, BenchProgress, BenchReport, BenchTimes};
pub use cancel::Cancel;
pub use engine::{Engine, Generated, Generation, Sink, Stopped};
pub use error::{EngineError, EngineErrorKind, Error};
pub use memory::peak_rss_bytes;
pub use need::{Fit, memory_need};
pub use panics::hide_messages;
pub use plan::Request;
pub use prompt::{Prompt, PromptRules};
pub use run::{Event, run};
pub use scratch::Scratch;
pub use session::{Options, Session};
pub use statistics::{Answer, FinishReason, Statistics, StepStatistics};
pub use tokenizer::Encoder;
