//! The words between a broker and its owner.

use std::sync::Arc;

use ottla_machine::{Dir, Time};
use ottla_metadata::config::StaticConfig;
use ottla_protocol::Uuid;

use crate::config::ListenerAddress;

/// What a broker is asked.
#[derive(Clone, Debug)]
pub enum BrokerAsk {
    /// Begin. Said once, first.
    Start(Box<StartBroker>),
    /// End: cleanly, if that can be done by then.
    Stop {
        /// When patience ends.
        by: Time,
    },
}

/// What a broker begins with.
#[derive(Clone, Debug)]
pub struct StartBroker {
    /// The operator's settings; `node.id` is among them.
    pub settings: Arc<StaticConfig>,
    /// The listeners for clients, in the order of the driver's.
    pub listeners: Vec<ListenerAddress>,
    /// Where the controller is recorded to listen.
    pub controller: ListenerAddress,
    /// The log directories, as the driver names them; the first keeps the metadata.
    pub dirs: Vec<Dir>,
    /// The cluster's id, for a directory that is formatted now; drawn when there is none.
    pub cluster_id: Option<Uuid>,
    /// Randomness for everything that is drawn. Another one in each life: the incarnation comes from it.
    pub seed: [u8; 32],
}

/// What a broker tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerTell {
    /// Clients are served.
    Ready,
    /// It has ended; nothing comes after this.
    Stopped(Cause),
}

/// Why a broker has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was asked to; `clean` when the next start may believe the files as they are.
    Asked {
        /// Whether all was written and marked in time.
        clean: bool,
    },
    /// It cannot run on this directory or with these settings: one sentence that says what, where, and what to do.
    Refused(String),
    /// Its disk or its metadata is not believed any more; a sentence.
    Offline(String),
}
