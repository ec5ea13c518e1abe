use std::io::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;
use tandem_bundle::{InputError, Manifest};
use tandem_engine::{BenchInput, BenchPlan, BenchProgress, BenchReport, BenchTimes, Cancel};

use crate::arguments::Bench;
use crate::failure::Failure;
use crate::inputs::{self, Line};
use crate::interrupt::Interrupt;
use crate::output::milliseconds;
use crate::stderr::tell;
use crate::verify;

/// What is measured where no input is given.
const SAMPLES: &str = include_str!("../../../../assets/samples/conversations.json");

/// Measures one pass against two steps.
pub fn bench(arguments: &Bench) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::listen();
    let bundle = verify::open(&arguments.opening)?;
    let (ids, inputs): (Vec<_>, Vec<_>) = read(arguments)?.into_iter().unzip();
    let plan = BenchPlan {
        inputs,
        tasks: tasks(arguments, bundle.manifest()),
        runs: arguments.runs.get(),
        max_tokens: arguments.model.max_tokens(),
    };
    // What cannot work is told before the model is loaded.
    plan.check(bundle.manifest())?;
    let session = arguments.model.open(bundle)?;
    interrupt.attach(&session);
    let show = |progress: BenchProgress| tell(format_args!("\r{} of {} answers", progress.done, progress.total));
    let report = session.bench(&plan, &Cancel::default(), show)?;
    tell(format_args!("\n"));
    let mut stdout = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut stdout, &ReportLine::new(&ids, &report)).map_err(io::Error::from)?;
        writeln!(stdout)?;
    } else {
        write!(stdout, "{}", summary(&ids, &report))?;
    }
    if interrupt.happened() { Err(Failure::Interrupted) } else { Ok(ExitCode::SUCCESS) }
}

/// The inputs with their ids. One that cannot be read stops the measurement before it starts.
fn read(arguments: &Bench) -> Result<Vec<(Value, BenchInput)>, InputError> {
    let lines = match &arguments.input {
        Some(path) => inputs::lines(&inputs::read(path)?)?,
        None => inputs::array(SAMPLES)?,
    };
    let input = |line: Line| {
        let content = line.content?;
        Ok((line.id, BenchInput { input: content.input, reply_speaker: content.reply_speaker }))
    };
    lines.into_iter().map(input).collect()
}

/// The tasks that are asked for, else those of the first composition with a calibration, else of the first of several tasks.
fn tasks(arguments: &Bench, manifest: &Manifest) -> Vec<String> {
    if let Some(tasks) = arguments.tasks() {
        return tasks;
    }
    let several = || manifest.compositions.iter().filter(|composition| composition.tasks.len() > 1);
    let chosen = several().find(|composition| composition.calibration.is_some()).or_else(|| several().next());
    chosen.map(|composition| composition.tasks.clone()).unwrap_or_default()
}

#[derive(Serialize)]
struct ReportLine<'a> {
    tasks: &'a [String],
    mode: &'a str,
    load_ms: f64,
    compose_ms: f64,
    switch_ms: Option<f64>,
    prefill_tokens_per_second: Option<f64>,
    decode_tokens_per_second: Option<f64>,
    ratio: Option<f64>,
    faster: usize,
    pairs: Vec<PairLine<'a>>,
    peak_rss_bytes: u64,
    cancelled: bool,
}

#[derive(Serialize)]
struct PairLine<'a> {
    id: &'a Value,
    ratio: f64,
    one_pass: TimesLine,
    two_step: TimesLine,
}

#[derive(Serialize)]
struct TimesLine {
    prompt_tokens: usize,
    generated_tokens: usize,
    prefill_ms: f64,
    decode_ms: f64,
}

impl<'a> ReportLine<'a> {
    fn new(ids: &'a [Value], report: &'a BenchReport) -> Self {
        let pair = |pair: &tandem_engine::BenchPair| PairLine {
            id: &ids[pair.input],
            ratio: pair.ratio,
            one_pass: TimesLine::from(&pair.one_pass),
            two_step: TimesLine::from(&pair.two_step),
        };
        Self {
            tasks: &report.tasks,
            mode: report.mode.id(),
            load_ms: milliseconds(report.load),
            compose_ms: milliseconds(report.compose),
            switch_ms: report.switch.map(milliseconds),
            prefill_tokens_per_second: report.prefill_speed,
            decode_tokens_per_second: report.decode_speed,
            ratio: report.ratio,
            faster: report.faster(),
            pairs: report.pairs.iter().map(pair).collect(),
            peak_rss_bytes: report.peak_rss_bytes,
            cancelled: report.cancelled,
        }
    }
}

impl From<&BenchTimes> for TimesLine {
    fn from(times: &BenchTimes) -> Self {
        Self {
            prompt_tokens: times.prompt_tokens,
            generated_tokens: times.generated_tokens,
            prefill_ms: milliseconds(times.prefill),
            decode_ms: milliseconds(times.decode),
        }
    }
}

/// For people.
fn summary(ids: &[Value], report: &BenchReport) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
    let mut lines = vec![
        format!("{}, {} against two-step", report.tasks.join("+"), report.mode),
        format!(
            "load {:.0} ms, compose {:.0} ms, adapter switch {} ms",
            milliseconds(report.load),
            milliseconds(report.compose),
            number(report.switch.map(milliseconds))
        ),
        format!("prefill {} tokens/s, decode {} tokens/s", number(report.prefill_speed), number(report.decode_speed)),
        format!("peak memory {} MiB", report.peak_rss_bytes >> 20),
        String::new(),
        format!("{:<16} {:>10} {:>10} {:>6}", "input", report.mode.id(), "two-step", "ratio"),
    ];
    for pair in &report.pairs {
        let id = ids[pair.input].as_str().map_or_else(|| ids[pair.input].to_string(), str::to_owned);
        let times = [pair.one_pass, pair.two_step].map(|times| format!("{:.0} ms", milliseconds(times.total())));
        lines.push(format!("{id:<16} {:>10} {:>10} {:>6.2}", times[0], times[1], pair.ratio));
    }
    let ratio = report.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    lines.push(format!("{} faster on {} of {}, median ratio {ratio}", report.mode, report.faster(), report.pairs.len()));
    if report.cancelled {
        lines.push("stopped before its end".to_owned());
    }
    lines.join("\n") + "\n"
}
