//! The dashboard over HTTP: who may what, forms that are not its own, keys born and ended, its store failing. What a browser
//! makes of it is in `tests/browser`.

mod audit;
mod forms;
mod grid;
mod keys;
mod outage;
mod refused;
mod sessions;
