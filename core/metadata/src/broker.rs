//! Nodes as they registered: brokers and controllers.

use ottla_machine::NodeId;
use ottla_protocol::Uuid;
use ottla_protocol::messages::register_broker_record::{BrokerEndpoint, BrokerFeature};
use ottla_protocol::messages::register_controller_record::{ControllerEndpoint, ControllerFeature};
use ottla_protocol::messages::{
    BrokerRegistrationChangeRecord, RegisterBrokerRecord, RegisterControllerRecord,
};

/// Where a node listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The listener's name.
    pub name: String,
    /// The host to connect to.
    pub host: String,
    /// The port to connect to.
    pub port: u16,
    /// 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL.
    pub security_protocol: i16,
}

/// Which levels of a feature a node can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureRange {
    /// The feature.
    pub name: String,
    /// The lowest level.
    pub min: i16,
    /// The highest.
    pub max: i16,
}

/// A registered broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// The node.
    pub id: NodeId,
    /// The offset at which it registered: its epoch.
    pub epoch: i64,
    /// Which life of the process.
    pub incarnation: Uuid,
    /// Where clients and brokers find it.
    pub endpoints: Vec<Endpoint>,
    /// What it can do.
    pub features: Vec<FeatureRange>,
    /// Where it stands.
    pub rack: Option<String>,
    /// It may lead nothing and be in no ISR.
    pub fenced: bool,
    /// It is about to leave.
    pub in_controlled_shutdown: bool,
    /// Its log directories.
    pub dirs: Vec<Uuid>,
    /// Those that get no new partitions.
    pub cordoned_dirs: Vec<Uuid>,
}

impl Broker {
    /// Whether it may lead and be in sync.
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    pub(crate) fn new(record: &RegisterBrokerRecord<'_>) -> Broker {
        let endpoint = |endpoint: &BrokerEndpoint<'_>| Endpoint {
            name: endpoint.name.clone().into_owned(),
            host: endpoint.host.clone().into_owned(),
            port: endpoint.port,
            security_protocol: endpoint.security_protocol,
        };
        let feature = |feature: &BrokerFeature<'_>| FeatureRange {
            name: feature.name.clone().into_owned(),
            min: feature.min_supported_version,
            max: feature.max_supported_version,
        };
        Broker {
            id: NodeId(record.broker_id),
            epoch: record.broker_epoch,
            incarnation: record.incarnation_id,
            endpoints: record.end_points.iter().map(endpoint).collect(),
            features: record.features.iter().map(feature).collect(),
            rack: record.rack.clone().map(|rack| rack.into_owned()),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            dirs: record.log_dirs.clone(),
            cordoned_dirs: record.cordoned_log_dirs.clone().unwrap_or_default(),
        }
    }

    pub(crate) fn change(&mut self, record: &BrokerRegistrationChangeRecord) -> Result<(), String> {
        let fenced = match record.fenced {
            0 => self.fenced,
            1 => true,
            -1 => false,
            other => return Err(format!("there is no change {other} of being fenced")),
        };
        let leaving = match record.in_controlled_shutdown {
            0 => self.in_controlled_shutdown,
            1 => true,
            other => {
                return Err(format!(
                    "there is no change {other} of a controlled shutdown"
                ));
            }
        };
        self.fenced = fenced;
        self.in_controlled_shutdown = leaving;
        if !record.log_dirs.is_empty() {
            self.dirs.clone_from(&record.log_dirs);
        }
        if let Some(cordoned) = &record.cordoned_log_dirs {
            self.cordoned_dirs.clone_from(cordoned);
        }
        Ok(())
    }

    /// The registration as a record.
    pub fn record(&self) -> RegisterBrokerRecord<'_> {
        let endpoint = |endpoint: &'_ Endpoint| BrokerEndpoint {
            name: endpoint.name.clone().into(),
            host: endpoint.host.clone().into(),
            port: endpoint.port,
            security_protocol: endpoint.security_protocol,
        };
        let feature = |feature: &'_ FeatureRange| BrokerFeature {
            name: feature.name.clone().into(),
            min_supported_version: feature.min,
            max_supported_version: feature.max,
        };
        RegisterBrokerRecord {
            broker_id: self.id.0,
            is_migrating_zk_broker: false,
            incarnation_id: self.incarnation,
            broker_epoch: self.epoch,
            end_points: self.endpoints.iter().map(endpoint).collect(),
            features: self.features.iter().map(feature).collect(),
            rack: self.rack.as_deref().map(Into::into),
            fenced: self.fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            log_dirs: self.dirs.clone(),
            cordoned_log_dirs: (!self.cordoned_dirs.is_empty()).then(|| self.cordoned_dirs.clone()),
        }
    }
}

/// A registered controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerNode {
    /// The node.
    pub id: NodeId,
    /// Which life of the process.
    pub incarnation: Uuid,
    /// Where it listens.
    pub endpoints: Vec<Endpoint>,
    /// What it can do.
    pub features: Vec<FeatureRange>,
}

impl ControllerNode {
    pub(crate) fn new(record: &RegisterControllerRecord<'_>) -> ControllerNode {
        let endpoint = |endpoint: &ControllerEndpoint<'_>| Endpoint {
            name: endpoint.name.clone().into_owned(),
            host: endpoint.host.clone().into_owned(),
            port: endpoint.port,
            security_protocol: endpoint.security_protocol,
        };
        let feature = |feature: &ControllerFeature<'_>| FeatureRange {
            name: feature.name.clone().into_owned(),
            min: feature.min_supported_version,
            max: feature.max_supported_version,
        };
        ControllerNode {
            id: NodeId(record.controller_id),
            incarnation: record.incarnation_id,
            endpoints: record.end_points.iter().map(endpoint).collect(),
            features: record.features.iter().map(feature).collect(),
        }
    }

    /// The registration as a record.
    pub fn record(&self) -> RegisterControllerRecord<'_> {
        let endpoint = |endpoint: &'_ Endpoint| ControllerEndpoint {
            name: endpoint.name.clone().into(),
            host: endpoint.host.clone().into(),
            port: endpoint.port,
            security_protocol: endpoint.security_protocol,
        };
        let feature = |feature: &'_ FeatureRange| ControllerFeature {
            name: feature.name.clone().into(),
            min_supported_version: feature.min,
            max_supported_version: feature.max,
        };
        RegisterControllerRecord {
            controller_id: self.id.0,
            incarnation_id: self.incarnation,
            zk_migration_ready: false,
            end_points: self.endpoints.iter().map(endpoint).collect(),
            features: self.features.iter().map(feature).collect(),
        }
    }
}
