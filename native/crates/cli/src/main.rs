//! `tandem`: the device core on the command line. Data goes to stdout, everything else to stderr; `docs/command-line.md` is the manual.

mod arguments;
mod bench;
mod failure;
mod inputs;
mod inspect;
mod interrupt;
mod model;
mod output;
mod parse_chat;
mod run;
mod stderr;
mod store;
mod verify;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;

fn main() -> ExitCode {
    tandem_engine::hide_messages();
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Verify(arguments) => verify::verify(&arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
        Command::ParseChat(arguments) => parse_chat::parse_chat(&arguments),
        Command::Store(command) => store::store(&command),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}
