//! Threads that fill the read models, which nobody's command waits for.

/// The niceness of such a thread: where processors are few it gets about a third of what one gets that commands wait for,
/// and enough to follow them.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// From now on the calling thread gives way to the others. Where the system does not let it, it goes on as before.
pub fn give_way() {
    // On Linux alone a thread has a niceness of its own; elsewhere it would be the whole process's.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}
