use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use crate::{Cancel, EngineError};

/// A base model in memory that can generate with one of several loaded adapters. One request at a time.
pub trait Engine: Send {
    /// The ids of a text, without BOS; special tokens in it are encoded as the plain text that they are.
    fn encode(&self, text: &str) -> Result<Vec<u32>, EngineError>;

    /// Loads an adapter from a folder in PEFT's layout. The folder may be deleted afterwards.
    fn load_adapter(&mut self, alias: &str, folder: &Path) -> Result<(), EngineError>;

    fn unload_adapter(&mut self, alias: &str) -> Result<(), EngineError>;

    /// Generates greedily, but never a token with which the answer would repeat itself (text/1), and hands each piece of text to `sink`
    /// (whole characters, special tokens left out) until one of the stop ids, `max_tokens`, `sink` says break, or the request is cancelled.
    fn generate(&mut self, generation: &Generation<'_>, sink: &mut Sink<'_>) -> Result<Generated, EngineError>;
}

pub type Sink<'a> = dyn FnMut(&str) -> ControlFlow<()> + 'a;

/// What to generate from.
#[derive(Clone, Debug)]
pub struct Generation<'a> {
    /// The whole prompt, BOS included, exactly as it is to be prefilled.
    pub ids: &'a [u32],
    /// The alias of a loaded adapter; the base model alone when absent.
    pub adapter: Option<&'a str>,
    pub stop_ids: &'a [u32],
    pub max_tokens: usize,
    pub cancel: &'a Cancel,
}

/// How a generation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    pub stopped: Stopped,
    /// Prompt ids that the engine prefilled, by its own count.
    pub prompt_tokens: usize,
    /// Sampled tokens, the stop token included.
    pub generated_tokens: usize,
    /// Until the first token was sampled.
    pub prefill: Duration,
    /// From then on.
    pub decode: Duration,
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    StopId,
    MaxTokens,
    /// The sink said break.
    Sink,
    Cancelled,
}
