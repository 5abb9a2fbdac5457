//! What happened, in a line for people.

use crate::history::{Ask, Reply, Seen};

/// One line.
pub fn say(seen: &Seen<'_>) -> String {
    match seen {
        Seen::Asked(asked) => format!("#{} v{} {}", asked.number, asked.version, ask(&asked.ask)),
        Seen::Answered(asked, reply) => format!("#{} -> {}", asked.number, answer(reply)),
        Seen::Lost(asked) => format!("#{} -> nothing: lost", asked.number),
        Seen::HungUp { client, open } => {
            let open: Vec<String> = open
                .iter()
                .map(|open| format!("#{}", open.number))
                .collect();
            format!("client {client} was hung up on: {}", open.join(" "))
        }
        Seen::Garbled { client, what } => format!("client {client} was sent no answer: {what}"),
        Seen::Started { life } => format!("life {life} begins"),
        Seen::Ready { life } => format!("life {life} serves"),
        Seen::Died { life, how } => format!("life {life} ended: {how:?}"),
        Seen::Over => "everything was read".to_owned(),
    }
}

fn ask(ask: &Ask) -> String {
    match ask {
        Ask::Produce { acks, parts, again } => {
            let parts = parts.iter().map(|(named, batch)| {
                let producer = batch.producer.map_or(String::new(), |producer| {
                    format!(
                        " of {}/{}@{}",
                        producer.id, producer.epoch, producer.sequence
                    )
                });
                format!(
                    "{}-{} {} records{producer}",
                    named.topic,
                    named.index,
                    batch.records.len()
                )
            });
            let again = again.map_or(String::new(), |number| format!(" (again #{number})"));
            format!(
                "Produce acks={acks}{again}: {}",
                parts.collect::<Vec<_>>().join(", ")
            )
        }
        Ask::Fetch {
            max_wait_ms,
            session,
            wanted,
            ..
        } => {
            let wanted = wanted
                .iter()
                .map(|(named, from, _)| format!("{}-{} from {from}", named.topic, named.index));
            let wanted = wanted.collect::<Vec<_>>().join(", ");
            format!("Fetch session {session:?} wait {max_wait_ms} ms: {wanted}")
        }
        other => format!("{other:?}"),
    }
}

fn answer(reply: &Reply) -> String {
    match reply {
        Reply::Fetch {
            error,
            session,
            parts,
        } => {
            let parts = parts.iter().map(|(named, fetched)| {
                let batches: Vec<String> = fetched
                    .batches
                    .iter()
                    .map(|batch| format!("{}..={}", batch.base_offset, batch.last_offset))
                    .collect();
                format!(
                    "{}-{} error {} hw {} [{}]",
                    named.topic,
                    named.index,
                    fetched.error,
                    fetched.high_watermark,
                    batches.join(" ")
                )
            });
            let parts = parts.collect::<Vec<_>>().join(", ");
            format!("error {error} session {session}: {parts}")
        }
        other => format!("{other:?}"),
    }
}
