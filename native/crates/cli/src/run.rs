use std::io::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use tandem_bundle::text::Input;
use tandem_engine::{Answer, Error, Event, Request, Session};

use crate::arguments::Run;
use crate::failure::{Failure, exit_code};
use crate::inputs::{self, Content, Line};
use crate::interrupt::Interrupt;
use crate::output::{AnswerLine, ErrorLine, summary};
use crate::stderr::tell;
use crate::verify;

/// Runs every input, one after the other. An input that fails is told and the others go on.
pub fn run(arguments: &Run) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::listen();
    let bundle = verify::open(&arguments.opening)?;
    // What cannot work is told before the model is loaded.
    request(arguments, Input::Text(String::new()), None).check(bundle.manifest())?;
    let lines = inputs::lines(&inputs::read(&arguments.input)?)?;
    let session = arguments.model.open(bundle)?;
    interrupt.attach(&session);
    let mut worst = 0;
    for line in &lines {
        let result = run_line(arguments, &session, line);
        print(arguments, line, &result)?;
        if interrupt.happened() {
            return Err(Failure::Interrupted);
        }
        worst = worst.max(result.as_ref().err().map_or(0, exit_code));
    }
    Ok(worst.into())
}

fn run_line(arguments: &Run, session: &Session, line: &Line) -> Result<Answer, Error> {
    let Content { input, reply_speaker } = line.content.as_ref().map_err(Clone::clone)?;
    let request = request(arguments, input.clone(), reply_speaker.clone());
    let json = arguments.json;
    let mut last_step = 0;
    session.run(request, move |event| match event {
        Event::PromptReady { steps, .. } => last_step = steps - 1,
        Event::Text { step, text } if !json => show(&text, step == last_step),
        Event::StepFinished { step } if !json && step < last_step => tell(format_args!("\n")),
        Event::Text { .. } | Event::StepFinished { .. } => {}
    })
}

/// Streams a piece of an answer to stdout; what an earlier step writes is progress. A closed stdout is told when the answer ends.
fn show(text: &str, last_step: bool) {
    if last_step {
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    } else {
        tell(format_args!("{text}"));
    }
}

fn print(arguments: &Run, line: &Line, result: &Result<Answer, Error>) -> Result<(), Failure> {
    match result {
        Ok(answer) if arguments.json => print_json(&AnswerLine::new(&line.id, &arguments.task, &arguments.into, answer)),
        Err(e) if arguments.json => print_json(&ErrorLine::new(&line.id, e)),
        Ok(answer) => {
            writeln!(io::stdout())?;
            tell(format_args!("[{}]\n", summary(answer)));
            Ok(())
        }
        Err(e) => {
            tell(format_args!("error[{}]: input {}: {e}\n", e.kind(), line.id));
            Ok(())
        }
    }
}

fn print_json(line: &impl Serialize) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, line).map_err(io::Error::from)?;
    writeln!(stdout)?;
    Ok(stdout.flush()?)
}

fn request(arguments: &Run, input: Input, reply_speaker: Option<String>) -> Request {
    Request {
        input,
        reply_speaker,
        tasks: arguments.tasks(),
        mode: arguments.mode.0,
        max_tokens: arguments.model.max_tokens(),
        max_prompt_tokens: None,
    }
}
