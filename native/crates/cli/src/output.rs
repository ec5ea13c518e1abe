//! The JSON that `tandem run` prints; `docs/command-line.md` has its fields.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tandem_engine::{Answer, Error, StepStatistics};

#[derive(Serialize)]
pub struct AnswerLine<'a> {
    id: &'a Value,
    text: &'a str,
    mode: &'a str,
    task: &'a str,
    into: &'a str,
    finish_reason: &'a str,
    prompt_tokens: usize,
    generated_tokens: usize,
    left_out_messages: usize,
    input_truncated: bool,
    load_ms: f64,
    compose_ms: f64,
    prefill_ms: f64,
    decode_ms: f64,
    steps: Vec<StepLine<'a>>,
    peak_rss_bytes: u64,
}

#[derive(Serialize)]
struct StepLine<'a> {
    tasks: &'a [String],
    prompt_tokens: usize,
    generated_tokens: usize,
    compose_ms: f64,
    prefill_ms: f64,
    decode_ms: f64,
}

#[derive(Serialize)]
pub struct ErrorLine<'a> {
    id: &'a Value,
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    kind: &'a str,
    message: String,
}

impl<'a> AnswerLine<'a> {
    pub fn new(id: &'a Value, task: &'a str, into: &'a str, answer: &'a Answer) -> Self {
        let statistics = &answer.statistics;
        Self {
            id,
            text: &answer.text,
            mode: statistics.mode.id(),
            task,
            into,
            finish_reason: statistics.finish_reason.id(),
            prompt_tokens: statistics.prompt_tokens(),
            generated_tokens: statistics.generated_tokens(),
            left_out_messages: statistics.left_out_messages,
            input_truncated: statistics.input_truncated,
            load_ms: milliseconds(statistics.load),
            compose_ms: milliseconds(statistics.compose()),
            prefill_ms: milliseconds(statistics.prefill()),
            decode_ms: milliseconds(statistics.decode()),
            steps: statistics.steps.iter().map(StepLine::new).collect(),
            peak_rss_bytes: statistics.peak_rss_bytes,
        }
    }
}

impl<'a> StepLine<'a> {
    fn new(step: &'a StepStatistics) -> Self {
        Self {
            tasks: &step.tasks,
            prompt_tokens: step.prompt_tokens,
            generated_tokens: step.generated_tokens,
            compose_ms: milliseconds(step.compose),
            prefill_ms: milliseconds(step.prefill),
            decode_ms: milliseconds(step.decode),
        }
    }
}

impl<'a> ErrorLine<'a> {
    pub fn new(id: &'a Value, e: &Error) -> Self {
        Self { id, error: ErrorBody { kind: e.kind(), message: e.to_string() } }
    }
}

/// For people, on one line.
pub fn summary(answer: &Answer) -> String {
    let statistics = &answer.statistics;
    let mut parts = vec![
        format!("{}, {}", statistics.mode, statistics.finish_reason.id()),
        format!("{} + {} tokens", statistics.prompt_tokens(), statistics.generated_tokens()),
        format!(
            "compose {:.0} ms, prefill {:.0} ms, decode {:.0} ms",
            milliseconds(statistics.compose()),
            milliseconds(statistics.prefill()),
            milliseconds(statistics.decode())
        ),
    ];
    if statistics.left_out_messages > 0 {
        parts.push(format!("{} oldest messages left out", statistics.left_out_messages));
    }
    if statistics.input_truncated {
        parts.push("only the end of the input fitted".into());
    }
    parts.join(" · ")
}

/// With three digits behind the point.
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1000.0
}
