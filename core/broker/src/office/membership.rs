//! This broker's own life in the cluster: registered, unfenced, leaving. In: the controller's answers to what it has asked itself,
//! and the office's wish to leave. Out: requests to the controller, and a [`Move`] when something has come of an answer.
//!
//! | life | on | becomes |
//! |---|---|---|
//! | Loading | `begin`: the controller leads | Beginning (`Bootstrap`, `RegisterController`, `RegisterBroker`) |
//! | Beginning | all granted and committed: the broker epoch is known | Waking (a heartbeat) |
//! | Waking | no longer fenced | Serving |
//! | Serving | `leave` | Leaving (a heartbeat that wants to stop) |
//! | any before | `leave` | Left |
//! | Leaving | it may stop | Left |

use ottla_controller::{
    FRESH_FEATURES, Heartbeat, HeartbeatAnswer, READABLE_FEATURES, Registration, Request, Response,
};
use ottla_machine::{NodeId, Now, Offset, Time};
use ottla_metadata::{ControllerNode, Endpoint, FeatureRange};
use ottla_protocol::Uuid;

use super::OfficeSettings;
use crate::config::ListenerAddress;

/// How long a heartbeat that has no news waits, milliseconds.
const BEAT_MS: i64 = 100;

/// What came of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Nothing yet.
    Stay,
    /// The next heartbeat goes now.
    Beat,
    /// Registered and unfenced.
    Serving,
    /// It leads nothing any more and is fenced.
    Left,
    /// The controller does not want it, in a sentence.
    Refused(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Loading,
    Beginning,
    Waking,
    Serving,
    Leaving,
    Left,
}

/// One broker as a member of its cluster.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    node: NodeId,
    incarnation: Uuid,
    life: Life,
    broker_epoch: i64,
    /// When the next heartbeat is due: the last one did not say yet what this broker waits for.
    beat_at: Option<Time>,
    /// The high watermark that the last heartbeat told.
    beat_told: Offset,
}

impl Membership {
    /// A broker that nobody knows yet.
    pub(super) fn new(node: NodeId, incarnation: Uuid) -> Membership {
        Membership {
            node,
            incarnation,
            life: Life::Loading,
            broker_epoch: -1,
            beat_at: None,
            beat_told: Offset(-1),
        }
    }

    /// The epoch under which it is registered; -1 before.
    pub(super) fn broker_epoch(&self) -> i64 {
        self.broker_epoch
    }

    /// Whether it concerns nobody any more.
    pub(super) fn has_left(&self) -> bool {
        self.life == Life::Left
    }

    /// When the next heartbeat is due.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.beat_at
    }

    /// There is a controller: what it is asked, in this order.
    pub(super) fn begin(&mut self, settings: &OfficeSettings) -> [Request; 3] {
        self.life = Life::Beginning;
        let features = FRESH_FEATURES
            .iter()
            .map(|(name, level)| ((*name).to_owned(), *level))
            .collect();
        [
            Request::Bootstrap { features },
            Request::RegisterController(self.controller_node(settings)),
            Request::RegisterBroker(self.registration(settings)),
        ]
    }

    /// This broker wants to stop.
    pub(super) fn leave(&mut self) -> Move {
        if self.life == Life::Serving {
            self.life = Life::Leaving;
            Move::Beat
        } else {
            self.life = Life::Left;
            Move::Left
        }
    }

    /// The heartbeat that goes now, when so much metadata is committed here.
    pub(super) fn beat(&mut self, high_watermark: Offset) -> Request {
        self.beat_at = None;
        self.beat_told = high_watermark;
        Request::BrokerHeartbeat(Heartbeat {
            broker: self.node,
            epoch: self.broker_epoch,
            metadata_offset: high_watermark.plus(-1),
            want_fence: false,
            want_shutdown: self.life == Life::Leaving,
        })
    }

    /// The controller has answered what this broker asked.
    pub(super) fn on_response(
        &mut self,
        now: Now,
        response: Response,
        high_watermark: Offset,
    ) -> Move {
        match (self.life, response) {
            // It was stopped before it served; what it had asked for concerns nobody any more.
            (Life::Left, _) => Move::Stay,
            (
                Life::Beginning,
                Response::Bootstrap(Ok(_)) | Response::RegisterController(Ok(())),
            ) => Move::Stay,
            (Life::Beginning, Response::RegisterBroker(Ok(epoch))) => {
                self.broker_epoch = epoch;
                self.life = Life::Waking;
                Move::Beat
            }
            (_, Response::BrokerHeartbeat(Ok(answer))) => self.on_beat(now, answer, high_watermark),
            (life, Response::Refused((_, why))) => refused(life, &why),
            (life, other) => refused(life, &format!("{other:?}")),
        }
    }

    fn on_beat(&mut self, now: Now, answer: HeartbeatAnswer, high_watermark: Offset) -> Move {
        match self.life {
            Life::Waking if !answer.fenced => {
                self.life = Life::Serving;
                Move::Serving
            }
            Life::Leaving if answer.should_shut_down => {
                self.life = Life::Left;
                Move::Left
            }
            Life::Waking | Life::Leaving => {
                // News is told at once; asking the same again waits.
                let wait_ms = if high_watermark > self.beat_told {
                    0
                } else {
                    BEAT_MS
                };
                self.beat_at = Some(now.mono.after_ms(wait_ms));
                Move::Stay
            }
            _ => Move::Stay,
        }
    }

    fn controller_node(&self, settings: &OfficeSettings) -> ControllerNode {
        let at = &settings.controller_endpoint;
        ControllerNode {
            id: self.node,
            incarnation: self.incarnation,
            endpoints: vec![Endpoint {
                name: at.name.clone(),
                host: at.host.clone(),
                port: at.port,
                security_protocol: 0,
            }],
            features: features(),
        }
    }

    fn registration(&self, settings: &OfficeSettings) -> Registration {
        let booted = &settings.booted;
        let endpoint = |at: &ListenerAddress| Endpoint {
            name: at.name.clone(),
            host: at.host.clone(),
            port: at.port,
            security_protocol: 0,
        };
        Registration {
            id: self.node,
            incarnation: self.incarnation,
            endpoints: settings.listeners.iter().map(endpoint).collect(),
            features: features(),
            rack: settings
                .statics
                .configured("broker.rack")
                .map(str::to_owned),
            dirs: vec![booted.meta.directory_id],
            previous_epoch: booted.stopped_epoch.unwrap_or(-1),
        }
    }
}

fn refused(life: Life, why: &str) -> Move {
    Move::Refused(format!(
        "the controller refused this node ({life:?}): {why}"
    ))
}

/// What this node can read, said to whoever asks what the cluster could be finalized at.
fn features() -> Vec<FeatureRange> {
    READABLE_FEATURES
        .iter()
        .map(|(name, min, max)| FeatureRange {
            name: (*name).to_owned(),
            min: *min,
            max: *max,
        })
        .collect()
}
