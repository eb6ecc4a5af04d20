//! The timer of a configuration, and the requests that wait.
//!
//! Envoy has no timers for modules. A thread sleeps until the filter has work or a request's time
//! limit passes, and posts an event.

use std::{
    io, mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::host::{ConfigScheduler, StreamScheduler};

/// The requests of one configuration that wait, and the time of its next work.
#[derive(Default)]
pub(crate) struct Waiters {
    schedule: Mutex<Schedule>,
    changed: Condvar,
}

#[derive(Default)]
struct Schedule {
    /// When the filter's work is due. `None` for never, and while it runs.
    due: Option<Instant>,
    waiters: Vec<Waiting>,
    last_number: u64,
    is_over: bool,
}

struct Waiting {
    number: u64,
    until: Instant,
    scheduler: StreamScheduler,
}

/// A request that waits. Forgets the request when it is dropped.
pub(crate) struct Waiter {
    number: u64,
    waiters: Arc<Waiters>,
}

/// The thread.
pub(super) struct Timer {
    waiters: Arc<Waiters>,
    thread: Option<JoinHandle<()>>,
}

impl Waiters {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request. Its stream gets one event: from [`wake_all`](Self::wake_all), or after
    /// `limit`. The filter's work becomes due, because the request waits for it.
    pub(crate) fn add(self: &Arc<Self>, scheduler: StreamScheduler, limit: Duration) -> Waiter {
        let now = monotonic_now();
        let mut schedule = self.schedule();
        schedule.last_number = schedule.last_number.wrapping_add(1);
        let number = schedule.last_number;
        let until = now.checked_add(limit).unwrap_or(now);
        schedule.waiters.push(Waiting { number, until, scheduler });
        schedule.due = Some(schedule.due.map_or(now, |due| due.min(now)));
        drop(schedule);
        self.changed.notify_one();
        Waiter { number, waiters: Arc::clone(self) }
    }

    /// Posts an event to all waiting requests.
    pub(super) fn wake_all(&self) {
        // Events are posted without the lock, so that a worker can add a request meanwhile.
        let waiters = mem::take(&mut self.schedule().waiters);
        waiters.into_iter().for_each(|waiting| waiting.scheduler.commit());
    }

    /// Sets when the filter's work is due again. A request may have made it due earlier.
    pub(crate) fn work_in(&self, delay: Option<Duration>) {
        let at = delay.and_then(|delay| monotonic_now().checked_add(delay));
        let mut schedule = self.schedule();
        schedule.due = [schedule.due, at].into_iter().flatten().min();
        drop(schedule);
        self.changed.notify_one();
    }

    /// Posts events until the configuration ends.
    fn run(&self, work: &ConfigScheduler) {
        let mut schedule = self.schedule();
        while !schedule.is_over {
            let now = monotonic_now();
            if schedule.due.is_some_and(|due| due <= now) {
                schedule.due = None;
                drop(schedule);
                // Newer Envoys hold a reference to the configuration while they post. If it is the
                // last one, the configuration ends here, and its end takes the lock. If the
                // configuration ends on another thread, that thread joins this one first, so Envoy
                // frees nothing during the call.
                work.commit();
                schedule = self.schedule();
                continue;
            }
            // With the lock, so that the end of a stream waits for its event: older Envoys use the
            // worker's dispatcher without a check, and newer ones hold a reference to the stream.
            let late = schedule.waiters.extract_if(.., |waiting| waiting.until <= now);
            late.for_each(|waiting| waiting.scheduler.commit());
            let limits = schedule.waiters.iter().map(|waiting| waiting.until);
            schedule = match limits.chain(schedule.due).min() {
                None => self.changed.wait(schedule).unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let delay = next.saturating_duration_since(now);
                    let waited = self.changed.wait_timeout(schedule, delay);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Waiter {
    /// Posts the event now, unless it was posted before.
    pub(crate) fn wake(&self) {
        if let Some(waiting) = self.take() {
            waiting.scheduler.commit();
        }
    }

    fn take(&self) -> Option<Waiting> {
        let mut schedule = self.waiters.schedule();
        let index = schedule.waiters.iter().position(|waiting| waiting.number == self.number)?;
        Some(schedule.waiters.swap_remove(index))
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Timer {
    /// Starts the thread. The first work is due at once. Fails if the system has no more threads.
    #[cold]
    pub(super) fn start(
        threads: thread::Builder,
        work: ConfigScheduler,
        waiters: &Arc<Waiters>,
    ) -> io::Result<Self> {
        waiters.work_in(Some(Duration::ZERO));
        let shared = Arc::clone(waiters);
        // The thread owns the scheduler: an event after its deletion would crash Envoy.
        let run = move || shared.run(&work);
        let thread = threads.name("novasphere".to_owned()).spawn(run)?;
        Ok(Self { waiters: Arc::clone(waiters), thread: Some(thread) })
    }
}

/// Waits for the thread, because Envoy may unload the module next. A thread that ends its own
/// configuration cannot wait for itself. The C library keeps the module until the destructors of the
/// thread's local values have run, which is after its last code in the module.
impl Drop for Timer {
    fn drop(&mut self) {
        self.waiters.schedule().is_over = true;
        self.waiters.changed.notify_one();
        let is_other = |thread: &JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = self.thread.take().filter(is_other) {
            let _ = thread.join();
        }
    }
}

/// The monotonic clock, for delays: the wall clock may step. Filters get the wall clock.
#[allow(clippy::disallowed_methods)] // this is the adapter's clock
pub(crate) fn monotonic_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn thread_does_not_wait_for_itself() {
        let (timer, own) = mpsc::channel::<Timer>();
        let (done, is_done) = mpsc::channel();
        let end = move || {
            drop(own.recv().unwrap());
            done.send(()).unwrap();
        };
        let thread = Some(thread::spawn(end));
        timer.send(Timer { waiters: Arc::default(), thread }).unwrap();
        assert_eq!(is_done.recv(), Ok(()));
    }
}
