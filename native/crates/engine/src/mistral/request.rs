use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use indexmap::IndexMap;
use mistralrs::{
    AdapterSelection, Constraint, CustomLogitsProcessor, MessageContent, RequestLike, RequestMessage, SamplingParams, StopTokens, Tensor,
    Tool, ToolChoice, WebSearchOptions,
};

use crate::Generation;
use crate::repeats::repeating;

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

    /// Counts the token that is about to be sampled, and gives the length of the prompt in `context`.
    fn count(&self, context: &[u32]) -> usize {
        let mut sampled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let prompt = *sampled.prompt.get_or_insert(context.len());
        sampled.first.get_or_insert_with(Instant::now);
        sampled.tokens = context.len() - prompt + 1;
        prompt
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
        let unrepeated = move |logits: &Tensor, context: &[u32]| {
            let prompt = progress.count(context);
            let mut repeating = repeating(&context[prompt..]).peekable();
            if repeating.peek().is_none() {
                return Ok(logits.clone());
            }
            let mut values = logits.to_vec1::<f32>()?;
            for token in repeating {
                values[token as usize] = f32::NEG_INFINITY;
            }
            Tensor::new(values, logits.device())
        };
        Some(vec![Arc::new(unrepeated)])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use mistralrs::Device;

    #[test]
    fn an_answer_does_not_repeat_itself_but_may_repeat_its_prompt() {
        let (prompt, said) = ([1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6]);
        let generation = Generation { ids: &prompt, adapter: None, stop_ids: &[0], max_tokens: 20, cancel: &Cancel::default() };
        let processors = Tokens::new(&generation, &Progress::default()).take_logits_processors().unwrap();
        let after = |answer: &[u32]| -> Vec<f32> {
            let logits = Tensor::new(&[0.5_f32; 8], &Device::Cpu).unwrap();
            processors[0].apply(&logits, &[&prompt, answer].concat()).unwrap().to_vec1().unwrap()
        };
        assert_eq!(after(&[]), [0.5; 8]);
        assert_eq!(after(&said[..5]), [0.5; 8]);
        let repeated = after(&[&said[..], &said[..5]].concat());
        assert_eq!(repeated, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, f32::NEG_INFINITY, 0.5]);
    }
}
