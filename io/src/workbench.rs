//! One thread for CPU work, started by its first job, shared by the machines of a host.

use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

pub(crate) type Task = Box<dyn FnOnce() + Send>;

#[derive(Debug)]
pub(crate) struct Workbench {
    name: String,
    running: Option<(Sender<Task>, JoinHandle<()>)>,
}

impl Workbench {
    pub(crate) fn new(name: String) -> Workbench {
        Workbench {
            name,
            running: None,
        }
    }

    /// Hands a task over; without a thread it is done here and now.
    pub(crate) fn hand(&mut self, task: Task) {
        if self.running.is_none() {
            let (sender, tasks) = channel::<Task>();
            let thread = thread::Builder::new()
                .name(self.name.clone())
                .spawn(move || tasks.into_iter().for_each(|task| task()));
            match thread {
                Ok(thread) => self.running = Some((sender, thread)),
                Err(_) => return task(),
            }
        }
        if let Some((sender, _)) = &self.running
            && let Err(back) = sender.send(task)
        {
            (back.0)();
        }
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.running.take() {
            drop(sender);
            // A task that panicked has told its machine already.
            let _ = thread.join();
        }
    }
}
