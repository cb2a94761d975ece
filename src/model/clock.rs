//! Time as an argument: who needs the time is given a `Clock`, and a test gives one that it steps.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Timestamp;

/// A future that resolves when a clock has reached a time.
pub type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The source of the present. One is given to `run`; nobody else reads the time.
pub trait Clock: Send + Sync {
    /// The present, in milliseconds since the epoch.
    fn now(&self) -> Timestamp;

    /// Resolves once `now()` is at or past `at`; at once when it already is.
    fn wait_until(&self, at: Timestamp) -> Waiting;
}

/// A clock that stands still until it is told to move: the clock of tests.
///
/// ```
/// use watchglass::model::{Clock, Span, SteppedClock, Timestamp};
/// let clock = SteppedClock::at(Timestamp(1000));
/// clock.step(Span(500));
/// assert_eq!(clock.now(), Timestamp(1500));
/// ```
#[derive(Clone)]
pub struct SteppedClock {
    // Held for a look at the time or a push of a waker, never while waking.
    state: Arc<Mutex<State>>,
}

struct State {
    now: Timestamp,
    waiting: Vec<(Timestamp, Waker)>,
}

impl SteppedClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { state: Arc::new(Mutex::new(State { now, waiting: Vec::new() })) }
    }

    /// Moves the clock by `span` and wakes everyone whose time has come.
    pub fn step(&self, span: super::Span) {
        let due = {
            let mut state = self.lock();
            state.now = state.now + span;
            let now = state.now;
            let (due, waiting) = state.waiting.drain(..).partition(|(at, _)| *at <= now);
            state.waiting = waiting;
            let due: Vec<(Timestamp, Waker)> = due;
            due
        };
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// How many futures wait for this clock; a test steps on when its tasks have come to rest.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn wait_until(&self, at: Timestamp) -> Waiting {
        Box::pin(Reached { clock: self.clone(), at })
    }
}

struct Reached {
    clock: SteppedClock,
    at: Timestamp,
}

impl Future for Reached {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if state.now >= self.at {
            return Poll::Ready(());
        }
        state.waiting.retain(|(_, waker)| !waker.will_wake(context.waker()));
        state.waiting.push((self.at, context.waker().clone()));
        Poll::Pending
    }
}
