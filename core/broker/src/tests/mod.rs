//! The front, driven by bytes: frames in, frames out.

mod apis;
mod connections;
mod fetches;
mod house;
mod produces;
mod recorded;
mod topics;
