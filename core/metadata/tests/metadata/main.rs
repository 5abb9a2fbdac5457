//! The metadata of Apache Kafka itself: its logs folded, its answers compared; and the rules of folding, one by one.

mod described;
mod folding;
mod golden;
