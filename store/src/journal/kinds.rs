//! Where the events of a kind are, as both stores keep it: the kinds of each run of 1,024 sequences. Whoever asks for a kind
//! looks through the runs that have it, which costs those few less than an index entry per event costs every append.

/// The sequences of a run, as a power of two; the statements have it as a literal.
const RUN_BITS: u32 = 10;

/// The run of a sequence.
pub(super) fn run_of(sequence: i64) -> i64 {
    sequence >> RUN_BITS
}

/// The kinds that a writer knows to be noted for the run that it writes in.
#[derive(Debug, Default)]
pub(super) struct Noted {
    run: i64,
    kinds: Vec<&'static str>,
}

impl Noted {
    /// Whether an event of that kind is nothing new in its run.
    pub(super) fn has(&self, sequence: i64, kind: &str) -> bool {
        self.run == run_of(sequence) && self.kinds.contains(&kind)
    }

    /// Notes an event; false where it is nothing new.
    pub(super) fn insert(&mut self, sequence: i64, kind: &'static str) -> bool {
        if self.has(sequence, kind) {
            return false;
        }
        let run = run_of(sequence);
        if run != self.run {
            *self = Self { run, kinds: Vec::new() };
        }
        self.kinds.push(kind);
        true
    }
}
