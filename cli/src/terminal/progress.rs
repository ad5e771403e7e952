//! A moving line for what takes long, on a terminal; a plain note elsewhere.

use std::borrow::Cow;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use recoup_protocol::text::display_safe;

const TICK: Duration = Duration::from_millis(120);

/// The line that moves now. Whoever writes to stderr meanwhile has to ask it to step aside.
static MOVING: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Something under way. Its line is gone when it is dropped.
#[derive(Debug)]
pub struct Progress {
    is_terminal: bool,
    bar: ProgressBar,
}

impl Progress {
    /// Begins; off a terminal, says so once.
    #[must_use]
    pub fn start(text: &str) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::no_length();
        if is_terminal {
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_message(safe(text));
            bar.enable_steady_tick(TICK);
            *MOVING.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        } else {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
            super::note(text);
        }
        Self { is_terminal, bar }
    }

    /// Says how far it is; off a terminal, nothing.
    pub fn say(&self, text: &str) {
        if self.is_terminal {
            self.bar.set_message(safe(text));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        *MOVING.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.bar.finish_and_clear();
    }
}

fn safe(text: &str) -> Cow<'static, str> {
    Cow::Owned(display_safe(text).into_owned())
}

/// Takes the moving line away while something else is written.
pub(super) fn suspend<T>(write: impl FnOnce() -> T) -> T {
    let moving = MOVING.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match moving {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Takes the moving line away for good, when the process is about to end.
pub(crate) fn clear() {
    if let Some(bar) = MOVING.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}
