use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::json;

/// How the tasks of a composition are done together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case", remote = "Self")]
pub enum Mode {
    Calibrated,
    TwoStep,
    Merge,
    ZeroShot,
}

json::from_strings!(Mode);

impl Mode {
    pub const ALL: &[Self] = &[Self::Calibrated, Self::TwoStep, Self::Merge, Self::ZeroShot];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::TwoStep => "two-step",
            Self::Merge => "merge",
            Self::ZeroShot => "zero-shot",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(id: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|mode| mode.id() == id).ok_or(())
    }
}
