//! The binary, and brokers without it: started, spoken to by raw bytes, stopped. What clients and tools of others see is asked in `tests/`.

mod check;
mod client;
mod command_line;
mod damage;
mod door;
mod dump;
mod durability;
mod embedded;
mod every_call;
mod golden;
mod hardship;
mod node;
mod process;
mod twenty;
