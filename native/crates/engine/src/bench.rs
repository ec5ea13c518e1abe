//! What an answer costs on this device: one pass against two steps, in pairs on the same inputs.

use std::time::Duration;

use tandem_bundle::text::Input;
use tandem_bundle::{InputError, InputErrorKind, Manifest, Mode};

use crate::{Cancel, Error, FinishReason, Request, Session, Statistics, peak_rss_bytes};

/// What to measure.
#[derive(Clone, Debug)]
pub struct BenchPlan {
    pub inputs: Vec<BenchInput>,
    /// Task ids, the main task first; at least two.
    pub tasks: Vec<String>,
    /// How often each pair runs.
    pub runs: usize,
    /// For each step; the bundle's limit when absent.
    pub max_tokens: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct BenchInput {
    pub input: Input,
    /// For replies: who is to answer.
    pub reply_speaker: Option<String>,
}

/// How far a measurement is, in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenchProgress {
    pub done: usize,
    pub total: usize,
}

/// What was measured. Times are wall time; each is the median of its runs.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchReport {
    pub tasks: Vec<String>,
    /// The one pass: calibrated where the bundle can, else merged.
    pub mode: Mode,
    pub load: Duration,
    /// To compose the adapter for the first time and load it into the engine.
    pub compose: Duration,
    /// To compose and load an adapter that was in memory before; files that were read once are hashed and read again.
    pub switch: Option<Duration>,
    /// Tokens per second of the one pass.
    pub prefill_speed: Option<f64>,
    /// Tokens per second of the one pass, without the first token, which prefill gives.
    pub decode_speed: Option<f64>,
    pub pairs: Vec<BenchPair>,
    /// The median of the pairs' ratios.
    pub ratio: Option<f64>,
    /// Peak resident memory of the process until now, in bytes.
    pub peak_rss_bytes: u64,
    /// Whether it was stopped before its end; then it holds what was complete.
    pub cancelled: bool,
}

impl BenchReport {
    /// On how many inputs one pass was faster.
    pub fn faster(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.ratio > 1.0).count()
    }
}

/// One input, in one pass and in two steps, with all adapters in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchPair {
    /// Of the plan's inputs, from 0.
    pub input: usize,
    pub one_pass: BenchTimes,
    pub two_step: BenchTimes,
    /// Time of two steps by time of one pass.
    pub ratio: f64,
}

/// Sums over the steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BenchTimes {
    pub prompt_tokens: usize,
    pub generated_tokens: usize,
    pub prefill: Duration,
    pub decode: Duration,
}

impl BenchTimes {
    pub fn total(&self) -> Duration {
        self.prefill + self.decode
    }

    /// The run with the median total: greedy answers are the same each time, so its tokens are those of all.
    fn median(mut runs: Vec<Self>) -> Option<Self> {
        runs.sort_by_key(Self::total);
        runs.get(runs.len().checked_sub(1)? / 2).copied()
    }
}

impl From<&Statistics> for BenchTimes {
    fn from(statistics: &Statistics) -> Self {
        Self {
            prompt_tokens: statistics.prompt_tokens(),
            generated_tokens: statistics.generated_tokens(),
            prefill: statistics.prefill(),
            decode: statistics.decode(),
        }
    }
}

impl BenchPlan {
    /// Whether a bundle can do what is to be measured, whatever the inputs say. Gives the mode of the one pass.
    pub fn check(&self, manifest: &Manifest) -> Result<Mode, InputError> {
        let invalid = |message: &str| Err(InputError::new(InputErrorKind::InputInvalid, message));
        if self.inputs.is_empty() || self.runs == 0 {
            return invalid("there is nothing to measure; give at least one input and one run.");
        }
        if self.tasks.len() < 2 {
            return invalid("one pass is measured against two steps, so there must be two tasks or more; name another with the main one.");
        }
        let calibrated = manifest.composition(&self.tasks).is_some_and(|composition| composition.modes().contains(&Mode::Calibrated));
        let mode = if calibrated { Mode::Calibrated } else { Mode::Merge };
        for mode in [mode, Mode::TwoStep] {
            self.request(&self.inputs[0], mode).check(manifest)?;
        }
        Ok(mode)
    }

    fn request(&self, input: &BenchInput, mode: Mode) -> Request {
        Request {
            input: input.input.clone(),
            reply_speaker: input.reply_speaker.clone(),
            tasks: self.tasks.clone(),
            mode: Some(mode),
            max_tokens: self.max_tokens,
            max_prompt_tokens: None,
        }
    }

    fn answers(&self) -> usize {
        2 + self.runs + 2 * self.runs * self.inputs.len()
    }
}

impl Session {
    /// Measures, and tells after each answer how far it is. `cancel` stops it, as [`Session::cancel`] does; then the report holds what was
    /// complete.
    pub fn bench(&self, plan: &BenchPlan, cancel: &Cancel, progress: impl FnMut(BenchProgress)) -> Result<BenchReport, Error> {
        let mode = plan.check(self.bundle().manifest())?;
        let _registered = self.cancels().register(cancel);
        let mut bench = Bench { session: self, plan, cancel, done: 0, progress };
        let mut report = BenchReport {
            tasks: plan.tasks.clone(),
            mode,
            load: self.load(),
            compose: Duration::ZERO,
            switch: None,
            prefill_speed: None,
            decode_speed: None,
            pairs: Vec::new(),
            ratio: None,
            peak_rss_bytes: 0,
            cancelled: false,
        };
        report.cancelled = bench.measure(&mut report)?.is_none();
        report.ratio = median(report.pairs.iter().map(|pair| pair.ratio).collect());
        let speed = |tokens: fn(&BenchTimes) -> usize, time: fn(&BenchTimes) -> Duration| {
            let speeds = report.pairs.iter().map(|pair| tokens(&pair.one_pass) as f64 / time(&pair.one_pass).as_secs_f64());
            median(speeds.filter(|speed| speed.is_finite()).collect())
        };
        report.prefill_speed = speed(|times| times.prompt_tokens, |times| times.prefill);
        report.decode_speed = speed(|times| times.generated_tokens.saturating_sub(1), |times| times.decode);
        report.peak_rss_bytes = peak_rss_bytes();
        Ok(report)
    }
}

/// A measurement while it runs. What returns none was cancelled.
struct Bench<'a, P> {
    session: &'a Session,
    plan: &'a BenchPlan,
    cancel: &'a Cancel,
    done: usize,
    progress: P,
}

impl<P: FnMut(BenchProgress)> Bench<'_, P> {
    fn measure(&mut self, report: &mut BenchReport) -> Result<Option<()>, Error> {
        let modes = [report.mode, Mode::TwoStep];
        let first = &self.plan.inputs[0];
        self.session.free_adapters()?;
        // The first answers of a process are slow, and compose.
        let Some(composed) = self.answer(first, report.mode, self.plan.max_tokens)? else { return Ok(None) };
        report.compose = composed.compose();
        let mut switches = Vec::new();
        for _ in 0..self.plan.runs {
            self.session.free_adapters()?;
            let Some(answered) = self.answer(first, report.mode, Some(1))? else { return Ok(None) };
            switches.push(answered.compose().as_secs_f64());
            report.switch = median(switches.clone()).map(Duration::from_secs_f64);
        }
        if self.answer(first, Mode::TwoStep, self.plan.max_tokens)?.is_none() {
            return Ok(None);
        }
        for (number, input) in self.plan.inputs.iter().enumerate() {
            let mut times = [Vec::new(), Vec::new()];
            for run in 0..self.plan.runs {
                // Neither is always the first: what comes second may find a warmer or a hotter machine.
                let order = if (number + run).is_multiple_of(2) { [0, 1] } else { [1, 0] };
                for way in order {
                    let Some(statistics) = self.answer(input, modes[way], self.plan.max_tokens)? else { return Ok(None) };
                    times[way].push(BenchTimes::from(&statistics));
                }
            }
            let [one_pass, two_step] = times.map(BenchTimes::median);
            if let (Some(one_pass), Some(two_step)) = (one_pass, two_step) {
                let ratio = two_step.total().as_secs_f64() / one_pass.total().as_secs_f64();
                report.pairs.push(BenchPair { input: number, one_pass, two_step, ratio });
            }
        }
        Ok(Some(()))
    }

    fn answer(&mut self, input: &BenchInput, mode: Mode, max_tokens: Option<usize>) -> Result<Option<Statistics>, Error> {
        let request = Request { max_tokens, ..self.plan.request(input, mode) };
        let answer = self.session.run_until(request, self.cancel, |_| ())?;
        if answer.statistics.finish_reason == FinishReason::Cancelled {
            return Ok(None);
        }
        self.done += 1;
        (self.progress)(BenchProgress { done: self.done, total: self.plan.answers() });
        Ok(Some(answer.statistics))
    }
}

/// The lower one of the two in the middle, so that it is always one that was measured.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn half_of_the_values_are_no_larger_than_the_median(values in prop::collection::vec(-1e3..1e3, 1..12)) {
            let middle = median(values.clone()).unwrap();
            prop_assert!(values.contains(&middle));
            prop_assert!(values.iter().filter(|value| **value <= middle).count() * 2 >= values.len());
            prop_assert!(values.iter().filter(|value| **value >= middle).count() * 2 >= values.len());
        }
    }
}
