//! Who may do what. Without an authorizer everyone may do everything; the operations that answers list are then all there are.

/// Authorized operations that nobody asked for.
pub(crate) const NOT_ASKED: i32 = i32::MIN;

/// On a topic: read, write, create, delete, alter, describe, describe and alter its configuration (bits 3 to 8, 10, 11).
pub(crate) const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;

/// On the cluster: create, alter, describe, act as a node, describe and alter its configuration, write idempotently (bits 5, 7 to 12).
pub(crate) const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_those_that_kafka_lists() {
        assert_eq!(TOPIC_OPERATIONS, 3576);
        assert_eq!(CLUSTER_OPERATIONS, 8096);
    }
}
