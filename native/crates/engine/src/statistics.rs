use std::time::Duration;

use tandem_bundle::Mode;

/// An answer and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Trimmed, one line.
    pub text: String,
    pub statistics: Statistics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model ended its answer.
    Stop,
    /// The model went on after a line break; what followed was cut.
    LineBreak,
    /// The model repeated itself; all but the first round was cut.
    Repetition,
    /// The token limit was reached.
    Length,
    /// The user stopped it; the text is what was written until then.
    Cancelled,
}

impl FinishReason {
    pub const ALL: &[Self] = &[Self::Stop, Self::LineBreak, Self::Repetition, Self::Length, Self::Cancelled];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::LineBreak => "line-break",
            Self::Repetition => "repetition",
            Self::Length => "length",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Times are wall time.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// The mode that ran.
    pub mode: Mode,
    pub tasks: Vec<String>,
    /// Of the last step.
    pub finish_reason: FinishReason,
    /// Oldest messages that did not fit into the first step's prompt.
    pub left_out_messages: usize,
    /// Whether a prompt holds only the end of its last message or plain text.
    pub input_truncated: bool,
    /// What opening the session took.
    pub load: Duration,
    pub steps: Vec<StepStatistics>,
    /// Peak resident memory of the process until now, in bytes.
    pub peak_rss_bytes: u64,
}

impl Statistics {
    pub fn prompt_tokens(&self) -> usize {
        self.steps.iter().map(|step| step.prompt_tokens).sum()
    }

    pub fn generated_tokens(&self) -> usize {
        self.steps.iter().map(|step| step.generated_tokens).sum()
    }

    pub fn compose(&self) -> Duration {
        self.steps.iter().map(|step| step.compose).sum()
    }

    pub fn prefill(&self) -> Duration {
        self.steps.iter().map(|step| step.prefill).sum()
    }

    pub fn decode(&self) -> Duration {
        self.steps.iter().map(|step| step.decode).sum()
    }
}

/// One pass through the model.
#[derive(Clone, Debug, PartialEq)]
pub struct StepStatistics {
    pub tasks: Vec<String>,
    pub prompt_tokens: usize,
    pub generated_tokens: usize,
    /// To compose and load the adapter; next to nothing when it is resident.
    pub compose: Duration,
    pub prefill: Duration,
    pub decode: Duration,
}
