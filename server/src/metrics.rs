//! What a machine shows of itself, as Prometheus' text. In: [`Inspect`] calls of the machine, `/proc` for the process. Out: a page.
//!
//! M1: a series is shown once: the last value said for a name and its labels.

use std::collections::BTreeMap;
use std::fmt::{Error, Write};
use std::fs;

use ottla_machine::Inspect;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

type Labels = Vec<(&'static str, String)>;

/// All series of one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    counters: BTreeMap<&'static str, BTreeMap<Labels, u64>>,
    gauges: BTreeMap<&'static str, BTreeMap<Labels, i64>>,
}

impl Inspect for Snapshot {
    fn counter(&mut self, name: &'static str, labels: &[(&'static str, &str)], value: u64) {
        self.counters
            .entry(name)
            .or_default()
            .insert(owned(labels), value);
    }

    fn gauge(&mut self, name: &'static str, labels: &[(&'static str, &str)], value: i64) {
        self.gauges
            .entry(name)
            .or_default()
            .insert(owned(labels), value);
    }
}

impl Snapshot {
    /// Adds what the kernel knows of this process; nothing where there is no `/proc`.
    pub fn add_process(&mut self) {
        let kib = |status: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<i64>().ok()
        };
        if let Some(kib) = fs::read_to_string("/proc/self/status")
            .ok()
            .as_deref()
            .and_then(kib)
        {
            self.gauge("process_resident_memory_bytes", &[], kib * 1024);
        }
        for (name, dir) in [
            ("process_open_fds", "/proc/self/fd"),
            ("process_threads", "/proc/self/task"),
        ] {
            if let Ok(entries) = fs::read_dir(dir) {
                self.gauge(
                    name,
                    &[],
                    i64::try_from(entries.count()).unwrap_or(i64::MAX),
                );
            }
        }
    }

    /// The page.
    pub fn into_text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut page = String::new();
        let written = text::encode(&mut page, &registry);
        assert!(written.is_ok(), "a page in memory has room");
        page
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        for (name, series) in &self.counters {
            // The encoder writes the ending of a counter itself.
            let name = name.strip_suffix("_total").unwrap_or(name);
            let family =
                encoder.encode_descriptor(name, &words(name)?, None, MetricType::Counter)?;
            each(family, series, |value| ConstCounter::new(*value))?;
        }
        for (name, series) in &self.gauges {
            let family = encoder.encode_descriptor(name, &words(name)?, None, MetricType::Gauge)?;
            each(family, series, |value| ConstGauge::new(*value))?;
        }
        Ok(())
    }
}

fn each<V, M: EncodeMetric>(
    mut family: MetricEncoder,
    series: &BTreeMap<Labels, V>,
    metric: impl Fn(&V) -> M,
) -> Result<(), Error> {
    // A single series without labels is written without braces.
    if let Some(value) = series.get(&Labels::new()).filter(|_| series.len() == 1) {
        return metric(value).encode(family);
    }
    for (labels, value) in series {
        metric(value).encode(family.encode_family(labels)?)?;
    }
    Ok(())
}

fn owned(labels: &[(&'static str, &str)]) -> Labels {
    labels
        .iter()
        .map(|&(name, value)| (name, value.to_owned()))
        .collect()
}

/// A name in words, for the line that people read.
fn words(name: &str) -> Result<String, Error> {
    let mut text = String::with_capacity(name.len());
    for (at, part) in name
        .strip_prefix("ottla_")
        .unwrap_or(name)
        .split('_')
        .enumerate()
    {
        write!(text, "{}{part}", if at == 0 { "" } else { " " })?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_prometheus_text() {
        let mut snapshot = Snapshot::default();
        snapshot.counter("ottla_requests_total", &[("api", "Fetch")], 1);
        snapshot.counter("ottla_requests_total", &[("api", "Fetch")], 2);
        snapshot.counter("ottla_requests_total", &[("api", "a\"b\\\n")], 3);
        snapshot.gauge("ottla_connections", &[], -4);
        let page = snapshot.into_text();
        for line in [
            "# TYPE ottla_requests counter",
            "ottla_requests_total{api=\"Fetch\"} 2",
            "ottla_requests_total{api=\"a\\\"b\\\\\\n\"} 3",
            "# HELP ottla_connections connections",
            "# TYPE ottla_connections gauge",
            "ottla_connections -4",
            "# EOF",
        ] {
            assert_eq!(
                page.lines().filter(|found| *found == line).count(),
                1,
                "{line}\n{page}"
            );
        }
    }

    #[test]
    fn the_process_is_shown() {
        let mut snapshot = Snapshot::default();
        snapshot.add_process();
        let page = snapshot.into_text();
        assert!(
            page.contains("process_resident_memory_bytes ") && page.contains("process_open_fds "),
            "{page}"
        );
    }
}
