//! The read-only view of a machine: metrics, oracles, console and trace look through it.

/// Whoever looks. Names are Prometheus names; labels are pairs of name and value.
pub trait Inspect {
    /// Something that only grows.
    fn counter(&mut self, name: &'static str, labels: &[(&'static str, &str)], value: u64);

    /// Something that goes up and down.
    fn gauge(&mut self, name: &'static str, labels: &[(&'static str, &str)], value: i64);
}
