//! The `ottla` server: from a command line, an environment and a file to a running node. The binary is `main.rs`; everything that can
//! be asked without a process of its own lies here.
//!
//! | what | where |
//! |---|---|
//! | what was said | [`arguments`], [`properties`], [`toml_file`], [`settings`] |
//! | what is meant by it | [`configuration`], [`listeners`], [`address`], [`security`] |
//! | a node of it | [`serve`], [`node`], [`directory`], [`binding`], [`door`], [`inside`] |
//! | what is shown of it | [`logging`], [`metrics`], [`metrics_page`] |
//! | a directory without a node | [`check`], [`dump`], [`segment`] |
//!
//! Only this crate touches what belongs to the whole process: signals, the log, entropy, the environment.
#![forbid(unsafe_code)]

pub mod address;
pub mod arguments;
pub mod binding;
pub mod check;
pub mod configuration;
pub mod directory;
pub mod door;
pub mod dump;
pub mod inside;
pub mod listeners;
pub mod logging;
pub mod metrics;
pub mod metrics_page;
pub mod node;
pub mod properties;
pub mod security;
pub mod segment;
pub mod serve;
pub mod settings;
pub mod toml_file;
