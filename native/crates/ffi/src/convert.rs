//! Between the core's types and those of the border.

use std::time::Duration;

use tandem_bundle::text;
use tandem_bundle::{Bundle, Manifest};
use tandem_engine as core;

use crate::{
    Answer, BenchPair, BenchPlan, BenchReport, BenchTimes, BundleInfo, ChatMessage, CompositionInfo, FinishReason, Input, MemoryFit, Mode,
    RunEvent, RunRequest, SentMessage, Statistics, StepStatistics, TaskInfo, TaskKind,
};

impl From<&Bundle> for BundleInfo {
    fn from(bundle: &Bundle) -> Self {
        let manifest = bundle.manifest();
        Self {
            id: bundle.id().to_string(),
            base_name: manifest.base.name.clone(),
            base_packed: bundle.base_packed(),
            base_bytes: manifest.base.bytes,
            tool_version: manifest.tool.version.clone(),
            signed: bundle.signed(),
            tasks: tasks(manifest),
            compositions: compositions(manifest),
        }
    }
}

fn tasks(manifest: &Manifest) -> Vec<TaskInfo> {
    let info = |task: &tandem_bundle::Task| TaskInfo {
        id: task.id.clone(),
        kind: match task.kind {
            tandem_bundle::TaskKind::Main => TaskKind::Main,
            tandem_bundle::TaskKind::Translation => TaskKind::Translation,
            tandem_bundle::TaskKind::Tone => TaskKind::Tone,
        },
        language_tag: task.language_tag.clone(),
    };
    manifest.tasks.iter().map(info).collect()
}

fn compositions(manifest: &Manifest) -> Vec<CompositionInfo> {
    let info = |composition: &tandem_bundle::Composition| CompositionInfo {
        tasks: composition.tasks.clone(),
        modes: composition.modes().into_iter().map(Mode::from).collect(),
        recommended_mode: composition.recommended_mode.into(),
        asks_for_reply_speaker: asks_for_reply_speaker(manifest, composition),
    };
    manifest.compositions.iter().map(info).collect()
}

/// In one pass a composition has a prompt of its own, in two steps each task has its.
fn asks_for_reply_speaker(manifest: &Manifest, composition: &tandem_bundle::Composition) -> bool {
    let one_pass = tandem_bundle::Mode::ALL.iter().map(|&mode| composition.prompt(mode));
    let steps = composition.tasks.iter().filter_map(|id| manifest.task(id)).map(|task| task.prompt.as_str());
    one_pass.chain(steps).any(text::asks_for_reply_speaker)
}

impl From<tandem_bundle::Mode> for Mode {
    fn from(mode: tandem_bundle::Mode) -> Self {
        match mode {
            tandem_bundle::Mode::Calibrated => Self::Calibrated,
            tandem_bundle::Mode::TwoStep => Self::TwoStep,
            tandem_bundle::Mode::Merge => Self::Merge,
            tandem_bundle::Mode::ZeroShot => Self::ZeroShot,
        }
    }
}

impl Mode {
    fn asked(self) -> Option<tandem_bundle::Mode> {
        match self {
            Self::Auto => None,
            Self::Calibrated => Some(tandem_bundle::Mode::Calibrated),
            Self::TwoStep => Some(tandem_bundle::Mode::TwoStep),
            Self::Merge => Some(tandem_bundle::Mode::Merge),
            Self::ZeroShot => Some(tandem_bundle::Mode::ZeroShot),
        }
    }
}

impl From<ChatMessage> for text::Message {
    fn from(message: ChatMessage) -> Self {
        Self { speaker: message.speaker, text: message.text }
    }
}

impl From<tandem_chat::SentMessage> for SentMessage {
    fn from(message: tandem_chat::SentMessage) -> Self {
        Self { speaker: message.speaker, text: message.text, sent_at: message.sent_at.map(|sent_at| sent_at.to_string()) }
    }
}

impl From<Input> for text::Input {
    fn from(input: Input) -> Self {
        match input {
            Input::Conversation { messages } => Self::Conversation(messages.into_iter().map(Into::into).collect()),
            Input::Text { text } => Self::Text(text),
        }
    }
}

fn tasks_of(main_task: String, into: Vec<String>) -> Vec<String> {
    std::iter::once(main_task).chain(into).collect()
}

impl From<RunRequest> for core::Request {
    fn from(request: RunRequest) -> Self {
        Self {
            input: request.input.into(),
            reply_speaker: request.reply_speaker,
            tasks: tasks_of(request.main_task, request.into),
            mode: request.mode.asked(),
            max_tokens: request.max_tokens.map(|tokens| tokens as usize),
            max_prompt_tokens: request.max_prompt_tokens.map(|tokens| tokens as usize),
        }
    }
}

impl From<core::Event> for RunEvent {
    fn from(event: core::Event) -> Self {
        match event {
            core::Event::PromptReady { step, steps, prompt_tokens, left_out_messages } => Self::PromptReady {
                step: count(step),
                steps: count(steps),
                prompt_tokens: count(prompt_tokens),
                left_out_messages: count(left_out_messages),
            },
            core::Event::Text { step, text } => Self::Text { step: count(step), text },
            core::Event::StepFinished { step } => Self::StepFinished { step: count(step) },
        }
    }
}

impl From<core::Answer> for Answer {
    fn from(answer: core::Answer) -> Self {
        let statistics = &answer.statistics;
        let statistics = Statistics {
            mode: statistics.mode.into(),
            tasks: statistics.tasks.clone(),
            finish_reason: statistics.finish_reason.into(),
            prompt_tokens: count(statistics.prompt_tokens()),
            generated_tokens: count(statistics.generated_tokens()),
            left_out_messages: count(statistics.left_out_messages),
            input_truncated: statistics.input_truncated,
            load_ms: milliseconds(statistics.load),
            compose_ms: milliseconds(statistics.compose()),
            prefill_ms: milliseconds(statistics.prefill()),
            decode_ms: milliseconds(statistics.decode()),
            steps: statistics.steps.iter().map(StepStatistics::from).collect(),
            peak_rss_bytes: statistics.peak_rss_bytes,
        };
        Self { text: answer.text, statistics }
    }
}

impl From<&core::StepStatistics> for StepStatistics {
    fn from(step: &core::StepStatistics) -> Self {
        Self {
            tasks: step.tasks.clone(),
            prompt_tokens: count(step.prompt_tokens),
            generated_tokens: count(step.generated_tokens),
            compose_ms: milliseconds(step.compose),
            prefill_ms: milliseconds(step.prefill),
            decode_ms: milliseconds(step.decode),
        }
    }
}

impl From<core::FinishReason> for FinishReason {
    fn from(reason: core::FinishReason) -> Self {
        match reason {
            core::FinishReason::Stop => Self::Stop,
            core::FinishReason::LineBreak => Self::LineBreak,
            core::FinishReason::Repetition => Self::Repetition,
            core::FinishReason::Length => Self::Length,
            core::FinishReason::Cancelled => Self::Cancelled,
        }
    }
}

impl From<BenchPlan> for core::BenchPlan {
    fn from(plan: BenchPlan) -> Self {
        let reply_speaker = plan.reply_speaker;
        let input = |input: Input| core::BenchInput { input: input.into(), reply_speaker: reply_speaker.clone() };
        Self {
            inputs: plan.inputs.into_iter().map(input).collect(),
            tasks: tasks_of(plan.main_task, plan.into),
            runs: plan.runs as usize,
            max_tokens: plan.max_tokens.map(|tokens| tokens as usize),
        }
    }
}

impl From<core::BenchReport> for BenchReport {
    fn from(report: core::BenchReport) -> Self {
        let pair = |pair: &core::BenchPair| BenchPair {
            input: count(pair.input),
            one_pass: pair.one_pass.into(),
            two_step: pair.two_step.into(),
            ratio: pair.ratio,
        };
        Self {
            mode: report.mode.into(),
            load_ms: milliseconds(report.load),
            compose_ms: milliseconds(report.compose),
            switch_ms: report.switch.map(milliseconds),
            prefill_tokens_per_second: report.prefill_speed,
            decode_tokens_per_second: report.decode_speed,
            pairs: report.pairs.iter().map(pair).collect(),
            ratio: report.ratio,
            faster: count(report.faster()),
            peak_rss_bytes: report.peak_rss_bytes,
            cancelled: report.cancelled,
            tasks: report.tasks,
        }
    }
}

impl From<core::BenchTimes> for BenchTimes {
    fn from(times: core::BenchTimes) -> Self {
        Self {
            prompt_tokens: count(times.prompt_tokens),
            generated_tokens: count(times.generated_tokens),
            prefill_ms: milliseconds(times.prefill),
            decode_ms: milliseconds(times.decode),
        }
    }
}

impl From<core::Fit> for MemoryFit {
    fn from(fit: core::Fit) -> Self {
        match fit {
            core::Fit::Fits => Self::Fits,
            core::Fit::Tight => Self::Tight,
            core::Fit::WontFit => Self::WontFit,
        }
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
