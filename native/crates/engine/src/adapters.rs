use std::time::{Duration, Instant};

use tandem_bundle::Bundle;
use tandem_compose::Recipe;

use crate::memory::give_back_freed;
use crate::{Engine, EngineError, EngineErrorKind, Error, Scratch};

/// The composed adapters that the engine holds. The least recently used go when their bytes exceed a limit.
#[derive(Debug)]
pub struct AdapterCache {
    /// Of composed tensors in fp16; the engine may hold them wider.
    limit: u64,
    /// The most recently used last.
    resident: Vec<Resident>,
}

#[derive(Debug)]
struct Resident {
    recipe: Recipe,
    bytes: u64,
}

impl AdapterCache {
    pub fn new(limit: u64) -> Self {
        Self { limit, resident: Vec::new() }
    }

    /// Makes the adapter of a recipe resident and returns how long that took: no time when it is already. Its alias in the engine is the recipe's name.
    pub fn prepare(&mut self, engine: &mut dyn Engine, bundle: &Bundle, scratch: &Scratch, recipe: &Recipe) -> Result<Duration, Error> {
        if let Some(position) = self.resident.iter().position(|resident| resident.recipe == *recipe) {
            let used = self.resident.remove(position);
            self.resident.push(used);
            return Ok(Duration::ZERO);
        }
        let start = Instant::now();
        let composed = recipe.cook(bundle)?;
        let bytes = composed.tensors.len() as u64;
        self.make_room(engine, bytes)?;
        // Deleted when it goes out of scope, loaded or not: the engine keeps a copy in memory.
        let folder = scratch.folder()?;
        composed.write(folder.path()).map_err(|e| {
            let message = format!("{}: the composed adapter cannot be written ({e}); make room on the disk.", scratch.path().display());
            EngineError::new(EngineErrorKind::TempDir, message)
        })?;
        drop(composed);
        engine.load_adapter(&recipe.name, folder.path())?;
        give_back_freed();
        self.resident.push(Resident { recipe: recipe.clone(), bytes });
        Ok(start.elapsed())
    }

    /// Lets all adapters go.
    pub fn free(&mut self, engine: &mut dyn Engine) -> Result<(), EngineError> {
        while let Some(resident) = self.resident.pop() {
            engine.unload_adapter(&resident.recipe.name)?;
        }
        give_back_freed();
        Ok(())
    }

    /// Bytes of all resident adapters.
    pub fn resident_bytes(&self) -> u64 {
        self.resident.iter().map(|resident| resident.bytes).sum()
    }

    fn make_room(&mut self, engine: &mut dyn Engine, bytes: u64) -> Result<(), EngineError> {
        while !self.resident.is_empty() && self.resident_bytes().saturating_add(bytes) > self.limit {
            let oldest = self.resident.remove(0);
            engine.unload_adapter(&oldest.recipe.name)?;
        }
        Ok(())
    }
}
