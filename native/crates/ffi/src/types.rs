//! The records and enums that cross the border. They mirror the core's types, so that the core may change without the app noticing.

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChatMessage {
    /// May be empty: then the text stands alone.
    pub speaker: String,
    pub text: String,
}

/// A message of a chat that was pasted or exported.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SentMessage {
    /// May be empty: then the text stands alone.
    pub speaker: String,
    pub text: String,
    /// Local time as `YYYY-MM-DDTHH:MM`; absent where the chat does not tell the whole date.
    pub sent_at: Option<String>,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Input {
    Conversation { messages: Vec<ChatMessage> },
    Text { text: String },
}

/// How several tasks are done together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Mode {
    /// The bundle's recommended mode.
    Auto,
    /// One pass with the merged adapters and their calibration.
    Calibrated,
    /// One pass for each task, each on the output of the one before.
    TwoStep,
    /// One pass with the plain mean of the adapters.
    Merge,
    /// One pass with the base model alone.
    ZeroShot,
}

#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RunRequest {
    pub input: Input,
    /// For replies: who is to answer. By default the latest speaker before the last one.
    pub reply_speaker: Option<String>,
    /// Id of the main task.
    pub main_task: String,
    /// Ids of the other tasks, in order; empty for the main task alone.
    pub into: Vec<String>,
    pub mode: Mode,
    /// Limit of generated tokens for each step; the bundle's when absent.
    pub max_tokens: Option<u32>,
    /// Limit of the prompt's tokens for each step; the bundle's when absent or larger. A shorter prompt takes less memory.
    pub max_prompt_tokens: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum FinishReason {
    /// The model ended its answer.
    Stop,
    /// The model went on after a line break; what follows was cut.
    LineBreak,
    /// The model repeated itself; all but the first round was cut.
    Repetition,
    /// The token limit was reached.
    Length,
    /// The user stopped it; the text is what was written until then.
    Cancelled,
}

/// One pass through the model. Times are wall time in milliseconds.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct StepStatistics {
    pub tasks: Vec<String>,
    pub prompt_tokens: u32,
    pub generated_tokens: u32,
    pub compose_ms: f64,
    pub prefill_ms: f64,
    pub decode_ms: f64,
}

/// Times are wall time in milliseconds, summed over the steps.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Statistics {
    /// The mode that ran; never `Auto`.
    pub mode: Mode,
    pub tasks: Vec<String>,
    pub finish_reason: FinishReason,
    pub prompt_tokens: u32,
    pub generated_tokens: u32,
    /// Oldest messages that did not fit into the prompt.
    pub left_out_messages: u32,
    /// Whether the last message or the plain text was shortened at its start.
    pub input_truncated: bool,
    /// Time that opening the session took.
    pub load_ms: f64,
    pub compose_ms: f64,
    pub prefill_ms: f64,
    pub decode_ms: f64,
    pub steps: Vec<StepStatistics>,
    /// Peak resident memory of the process, in bytes; 0 where the system does not tell.
    pub peak_rss_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Answer {
    pub text: String,
    pub statistics: Statistics,
}

/// What happens while a request runs. `step` counts from 0.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RunEvent {
    PromptReady {
        step: u32,
        steps: u32,
        prompt_tokens: u32,
        left_out_messages: u32,
    },
    /// A piece of text, to be appended to the step's text.
    Text {
        step: u32,
        text: String,
    },
    StepFinished {
        step: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TaskKind {
    Main,
    Translation,
    Tone,
}

#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TaskInfo {
    pub id: String,
    pub kind: TaskKind,
    /// BCP-47, for translations only.
    pub language_tag: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CompositionInfo {
    /// The main task first.
    pub tasks: Vec<String>,
    /// The modes that the bundle can run.
    pub modes: Vec<Mode>,
    pub recommended_mode: Mode,
    /// Whether a prompt of it names who replies: elsewhere a request's `reply_speaker` is not read.
    pub asks_for_reply_speaker: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BundleInfo {
    /// SHA-256 of its manifest: what another gives for the same request can be another answer.
    pub id: String,
    pub base_name: String,
    /// Whether the bundle holds the base model's file.
    pub base_packed: bool,
    pub base_bytes: u64,
    pub tool_version: String,
    /// Whether a signature was checked against a key.
    pub signed: bool,
    pub tasks: Vec<TaskInfo>,
    pub compositions: Vec<CompositionInfo>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct SessionOptions {
    /// Threads for the model; half of the cores, at most 4, when absent. Takes effect for the first session of a process only.
    pub threads: Option<u32>,
    /// Where short-lived files may be written; on a phone the app's cache folder.
    pub temp_dir: Option<String>,
}

/// What to measure: one pass against two steps.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BenchPlan {
    pub inputs: Vec<Input>,
    /// For replies: who is to answer. By default the latest speaker before the last one.
    pub reply_speaker: Option<String>,
    /// Id of the main task.
    pub main_task: String,
    /// Ids of the other tasks, in order; at least one.
    pub into: Vec<String>,
    /// How often each pair runs.
    pub runs: u32,
    /// Limit of generated tokens for each step; the bundle's when absent.
    pub max_tokens: Option<u32>,
}

/// Times are wall time in milliseconds; each is the median of its runs.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct BenchReport {
    pub tasks: Vec<String>,
    /// The mode of the one pass.
    pub mode: Mode,
    pub load_ms: f64,
    /// To compose the adapter for the first time and load it.
    pub compose_ms: f64,
    /// To compose and load an adapter that was in memory before.
    pub switch_ms: Option<f64>,
    pub prefill_tokens_per_second: Option<f64>,
    pub decode_tokens_per_second: Option<f64>,
    pub pairs: Vec<BenchPair>,
    /// The median of the pairs' ratios.
    pub ratio: Option<f64>,
    /// On how many inputs one pass was faster.
    pub faster: u32,
    /// Peak resident memory of the process, in bytes; 0 where the system does not tell.
    pub peak_rss_bytes: u64,
    /// Whether it was stopped before its end.
    pub cancelled: bool,
}

/// One input in one pass and in two steps.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct BenchPair {
    /// Of the plan's inputs, from 0.
    pub input: u32,
    pub one_pass: BenchTimes,
    pub two_step: BenchTimes,
    /// Time of two steps by time of one pass.
    pub ratio: f64,
}

/// Sums over the steps; times in milliseconds.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct BenchTimes {
    pub prompt_tokens: u32,
    pub generated_tokens: u32,
    pub prefill_ms: f64,
    pub decode_ms: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MemoryNeed {
    /// Resident memory of the process at its peak.
    pub resident_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MemoryFit {
    Fits,
    /// It can be loaded, but the system may end the app, or others, for it.
    Tight,
    WontFit,
}
