//! Groups over their runtime: what members ask, what they are told, and what is left of it after a crash.

mod commits;
mod consumers;
mod lists;
mod members;
mod statics;
mod world;
