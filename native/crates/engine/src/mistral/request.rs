use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use indexmap::IndexMap;
use mistralrs::{
    AdapterSelection, Constraint, CustomLogitsProcessor, MessageContent, RequestLike, RequestMessage, SamplingParams, StopTokens, Tensor,
    Tool, ToolChoice, WebSearchOptions,
};

use crate::Generation;

/// What the sampler saw of one generation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sampled {
    /// Ids before the first sampled one.
    pub prompt: Option<usize>,
    pub tokens: usize,
    /// When the first token was sampled, which is when the prompt had been prefilled.
    pub first: Option<Instant>,
}

/// Watches a generation from inside the sampler: the library's chunks of text do not tell tokens.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Sampled>>);

impl Progress {
    pub fn sampled(&self) -> Sampled {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, context: &[u32]) {
        let mut sampled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let prompt = *sampled.prompt.get_or_insert(context.len());
        sampled.first.get_or_insert_with(Instant::now);
        sampled.tokens = context.len() - prompt + 1;
    }
}

/// A request for the library: ids in, greedy, no chat template and no tools.
pub struct Tokens {
    ids: Vec<u32>,
    sampling: SamplingParams,
    adapter: Option<AdapterSelection>,
    progress: Progress,
}

impl Tokens {
    pub fn new(generation: &Generation<'_>, progress: &Progress) -> Self {
        let sampling = SamplingParams {
            // Zero is greedy; unset would be sampled at 1.
            temperature: Some(0.0),
            max_len: Some(generation.max_tokens),
            stop_toks: Some(StopTokens::Ids(generation.stop_ids.to_vec())),
            // The bundle says what ends an answer, not the base's file.
            ignore_eos: true,
            ..SamplingParams::deterministic()
        };
        Self {
            ids: generation.ids.to_vec(),
            sampling,
            adapter: generation.adapter.map(AdapterSelection::alias),
            progress: progress.clone(),
        }
    }
}

impl RequestLike for Tokens {
    fn take_messages(&mut self) -> RequestMessage {
        RequestMessage::CompletionTokens(std::mem::take(&mut self.ids))
    }

    fn take_logits_processors(&mut self) -> Option<Vec<Arc<dyn CustomLogitsProcessor>>> {
        let progress = self.progress.clone();
        let watch = move |logits: &Tensor, context: &[u32]| {
            progress.count(context);
            Ok(logits.clone())
        };
        Some(vec![Arc::new(watch)])
    }

    fn take_adapter(&mut self) -> Option<AdapterSelection> {
        self.adapter.take()
    }

    fn take_sampling_params(&mut self) -> SamplingParams {
        self.sampling.clone()
    }

    fn messages_ref(&self) -> &[IndexMap<String, MessageContent>] {
        &[]
    }

    fn images_ref(&self) -> &[image::DynamicImage] {
        &[]
    }

    fn return_logprobs(&self) -> bool {
        false
    }

    fn enable_search(&self) -> Option<bool> {
        None
    }

    fn take_constraint(&mut self) -> Constraint {
        Constraint::None
    }

    fn take_tools(&mut self) -> Option<(Vec<Tool>, ToolChoice)> {
        None
    }

    fn take_web_search_options(&mut self) -> Option<WebSearchOptions> {
        None
    }
}
