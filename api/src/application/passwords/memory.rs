//! The memory that argon2 fills, some tens of mebibytes for each password at work. It is handed on as
//! long as somebody waits for it, and goes back to the system as soon as nobody does: what is kept for
//! later is kept for ever, and for each thread that ever did this work.

use argon2::Block;
use std::{
    collections::TryReserveError,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Blocks of one kibibyte that are asked for at least, however few are filled. An allocator that keeps what is
/// dropped does so up to some size; glibc's takes more than 32 MiB from the system each time, and gives
/// it back at once. Only what is filled takes room in memory.
const LEAST: usize = 33 * 1024;

/// Memory between two uses.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    /// What was handed on, or nothing yet.
    pub(super) fn take(&self) -> Vec<Block> {
        self.handed_on().pop().unwrap_or_default()
    }

    /// Hands it on to somebody who waits; otherwise it goes back, and with it what nobody took.
    pub(super) fn put_back(&self, blocks: Vec<Block>, somebody_waits: bool) {
        let mut handed_on = self.handed_on();
        if somebody_waits {
            handed_on.push(blocks);
        } else {
            *handed_on = Vec::new();
        }
    }

    fn handed_on(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many blocks of this memory, which is made larger where it is too small. What is in them is left over.
pub(super) fn at_least(
    blocks: &mut Vec<Block>,
    count: usize,
) -> Result<&mut [Block], TryReserveError> {
    if blocks.len() < count {
        // Nothing of the old is worth a copy.
        *blocks = Vec::new();
        blocks.try_reserve_exact(count.max(LEAST))?;
        blocks.resize(count, Block::new());
    }
    Ok(&mut blocks[..count])
}
