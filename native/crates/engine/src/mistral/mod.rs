//! mistral.rs as the engine: a GGUF base on the CPU, adapters loaded into it while it runs.

mod kernels;
mod request;
mod shutdown;
mod threads;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use mistralrs::{GgufModelBuilder, LoraRuntimeConfig, Model, Response};
use tandem_bundle::{BaseError, BaseErrorKind, Bundle};
use tokio::runtime::Runtime;

use crate::engine::Sink;
use crate::tokenizer::{Encoder, without_merges};
use crate::{Engine, EngineError, EngineErrorKind, Error, Generated, Generation, Stopped, memory};
use request::{Progress, Tokens};
use shutdown::Shutdown;

/// Architectures whose GGUF files store the attention's rows in an order that adapters do not have.
const PERMUTED_ARCHITECTURES: &[&str] = &["llama", "mistral3"];

/// More than any composition needs; the adapter cache sets the limit that counts.
const ADAPTER_LIMITS: LoraRuntimeConfig = LoraRuntimeConfig { max_adapters: 1024, max_rank: 1 << 16, max_bytes: 1 << 40 };

pub struct MistralEngine {
    // Dropped in this order.
    model: Model,
    _shutdown: Shutdown,
    encoder: Encoder,
    /// Drives the calls into the library; the model runs on threads of its own.
    runtime: Runtime,
}

impl MistralEngine {
    /// Loads a verified base with the bundle's tokenizer. What it writes to `folder` is of no use afterwards.
    pub fn load(base: &Path, bundle: &Bundle, folder: &Path, threads: Option<usize>) -> Result<Self, Error> {
        let architecture = &bundle.manifest().base.architecture;
        if PERMUTED_ARCHITECTURES.contains(&architecture.as_str()) {
            let message = format!("adapters do not fit GGUF files of the architecture {architecture}; choose a bundle with another base.");
            return Err(BaseError::new(BaseErrorKind::BaseUnsupported, base.display().to_string(), message).into());
        }
        threads::limit(threads);
        kernels::round_as_a_phone_does();
        // One thread, so that the library does not warm up with a prompt of its own.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| failed_load(&e))?;
        let json = bundle.tokenizer()?;
        // First, so that the model is built in the memory that this needs only for a while.
        let encoder = Encoder::parse(&json)?;
        let model = {
            let tokenizer = folder.join("tokenizer.json");
            let temp_dir = |e: std::io::Error| EngineError::new(EngineErrorKind::TempDir, format!("{}: {e}.", tokenizer.display()));
            std::fs::write(&tokenizer, without_merges(&json)?).map_err(temp_dir)?;
            drop(json);
            build(&runtime, base, &tokenizer)?
        };
        memory::give_back_freed();
        let shutdown = Shutdown::of(&model);
        Ok(Self { model, _shutdown: shutdown, encoder, runtime })
    }
}

fn build(runtime: &Runtime, base: &Path, tokenizer: &Path) -> Result<Model, EngineError> {
    let folder = base.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = base.file_name().unwrap_or_default().to_string_lossy();
    let builder = GgufModelBuilder::new(folder.display(), vec![file])
        .with_tokenizer_json(tokenizer.display())
        .with_force_cpu()
        // Its cache of prompts never shrinks on a CPU.
        .with_prefix_cache_n(None)
        // The queue is ours; prompts of one length that are prefilled together fail.
        .with_max_num_seqs(1)
        .with_lora_runtime_config(ADAPTER_LIMITS);
    runtime.block_on(builder.build()).map_err(|e| failed_load(&e))
}

fn failed_load(e: &dyn std::fmt::Display) -> EngineError {
    EngineError::new(EngineErrorKind::Load, format!("the base model cannot be loaded ({e:#}); check the memory that is free."))
}

impl std::fmt::Debug for MistralEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MistralEngine").finish_non_exhaustive()
    }
}

impl Engine for MistralEngine {
    fn encode(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        self.encoder.encode(text)
    }

    fn load_adapter(&mut self, alias: &str, folder: &Path) -> Result<(), EngineError> {
        self.runtime.block_on(self.model.load_lora_adapter(alias, folder)).map(drop).map_err(|e| adapter_error(alias, &e))
    }

    fn unload_adapter(&mut self, alias: &str) -> Result<(), EngineError> {
        self.runtime.block_on(self.model.unload_lora_adapter(alias)).map(drop).map_err(|e| adapter_error(alias, &e))
    }

    fn generate(&mut self, generation: &Generation<'_>, sink: &mut Sink<'_>) -> Result<Generated, EngineError> {
        let progress = Progress::default();
        let start = Instant::now();
        let stopped = self.runtime.block_on(self.stream(generation, &progress, sink))?;
        let sampled = progress.sampled();
        let first = sampled.first.unwrap_or_else(Instant::now);
        if sampled.prompt.is_some_and(|prompt| prompt != generation.ids.len()) {
            return Err(failed("it prefilled another prompt than it was given"));
        }
        Ok(Generated {
            stopped,
            prompt_tokens: sampled.prompt.unwrap_or(generation.ids.len()),
            generated_tokens: sampled.tokens,
            prefill: first - start,
            decode: first.elapsed(),
        })
    }
}

impl MistralEngine {
    /// Dropping the library's stream, on every way out, ends the generation in it.
    async fn stream(&self, generation: &Generation<'_>, progress: &Progress, sink: &mut Sink<'_>) -> Result<Stopped, EngineError> {
        let request = Tokens::new(generation, progress);
        let mut stream = self.model.stream_chat_request(request).await.map_err(|e| failed(&e.to_string()))?;
        loop {
            let response = tokio::select! {
                biased;
                () = generation.cancel.cancelled() => return Ok(Stopped::Cancelled),
                response = stream.next() => response,
            };
            let chunk = match response {
                Some(Response::CompletionChunk(chunk)) => chunk,
                Some(Response::InternalError(e) | Response::ValidationError(e)) => return Err(failed(&e.to_string())),
                Some(Response::CompletionModelError(e, _)) => return Err(failed(&e)),
                Some(_) => return Err(failed("it answered with something else than text")),
                None => return Err(EngineError::new(EngineErrorKind::Stopped, "the engine has ended; open the session again.")),
            };
            let choice = chunk.choices.into_iter().next().ok_or_else(|| failed("it sent an empty answer"))?;
            if let ControlFlow::Break(()) = sink(whole(&choice.text, choice.finish_reason.is_some())) {
                return Ok(Stopped::Sink);
            }
            match choice.finish_reason.as_deref() {
                None => {}
                Some("stop") => return Ok(Stopped::StopId),
                Some("length") => return Ok(Stopped::MaxTokens),
                Some("canceled") => return Ok(Stopped::Cancelled),
                Some(_) => return Err(failed("it ended in a way that this program does not know")),
            }
        }
    }
}

/// A piece of text without the character that the answer's end cut through, for which the library writes U+FFFD.
fn whole(piece: &str, last: bool) -> &str {
    if last { piece.trim_end_matches(char::REPLACEMENT_CHARACTER) } else { piece }
}

fn failed(what: &str) -> EngineError {
    EngineError::new(EngineErrorKind::Generate, format!("the engine could not generate: {what}. Try again."))
}

fn adapter_error(alias: &str, e: &dyn std::fmt::Display) -> EngineError {
    let message = format!("the adapter {alias} does not fit the base or the memory ({e}); export the bundle anew.");
    EngineError::new(EngineErrorKind::Adapter, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_answer_that_ends_inside_a_character_ends_before_it(text in "\\PC{0,12}", cut in any::<prop::sample::Index>()) {
            prop_assume!(!text.contains(char::REPLACEMENT_CHARACTER));
            let cut = cut.index(text.len() + 1);
            let piece = String::from_utf8_lossy(&text.as_bytes()[..cut]);
            prop_assert_eq!(whole(&piece, true), &text[..text.floor_char_boundary(cut)]);
        }

        #[test]
        fn what_the_model_writes_itself_stays(before in "[a\u{FFFD}]{0,6}", after in "[a-z]{1,3}") {
            let text = before + &after;
            prop_assert_eq!(whole(&text, true), &text);
            prop_assert_eq!(whole("\u{FFFD}", false), "\u{FFFD}");
        }
    }
}
