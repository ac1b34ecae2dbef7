//! The allocator, and how the process gives memory back.

use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often memory is given back: the allocator keeps for a second what it may need again.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(1);
/// A block that none of the allocator's pages of many holds.
const LARGE_BLOCK_BYTES: usize = 1 << 20;

/// The allocator returns what is free for long only while somebody asks it for a page or is done with one, so that a server
/// grown idle would keep what its busiest time took. Here somebody does.
pub async fn give_back() {
    let mut every = tokio::time::interval(GIVE_BACK_EVERY);
    loop {
        every.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(LARGE_BLOCK_BYTES)));
    }
}
