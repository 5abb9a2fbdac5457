//! `meta.properties`: whose directory this is. Java properties; written once, last, so that a directory is ours only when all else is there.

use std::collections::BTreeMap;

use ottla_machine::NodeId;
use ottla_protocol::Uuid;

/// The contents of `meta.properties`, version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaProperties {
    /// The cluster. Any text; ours are ids.
    pub cluster_id: String,
    /// The node that owns the directory.
    pub node_id: NodeId,
    /// The directory's own id: in the quorum it is the voter's other half.
    pub directory_id: Uuid,
}

impl MetaProperties {
    /// Reads the file; a sentence when it does not say whose directory it is.
    pub fn parse(bytes: &[u8]) -> Result<MetaProperties, String> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| "meta.properties is not text".to_owned())?;
        let pairs: BTreeMap<&str, &str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with(['#', '!']))
            .filter_map(|line| line.split_once(['=', ':']))
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let need = |key: &str| {
            pairs
                .get(key)
                .copied()
                .ok_or_else(|| format!("meta.properties has no {key}"))
        };
        let version = pairs.get("version").copied().unwrap_or("0");
        if version != "1" {
            return Err(format!(
                "meta.properties has version {version}, this server reads version 1"
            ));
        }
        let node_id = need("node.id")?;
        let directory_id = need("directory.id")?;
        Ok(MetaProperties {
            cluster_id: need("cluster.id")?.to_owned(),
            node_id: NodeId(
                node_id
                    .parse()
                    .map_err(|_| format!("meta.properties: node.id={node_id} is no number"))?,
            ),
            directory_id: directory_id
                .parse()
                .map_err(|_| format!("meta.properties: directory.id={directory_id} is no id"))?,
        })
    }

    /// The file's bytes.
    pub fn print(&self) -> Vec<u8> {
        format!(
            "version=1\ncluster.id={}\nnode.id={}\ndirectory.id={}\n",
            self.cluster_id, self.node_id, self.directory_id
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // As `kafka-storage format` of 4.3.1 wrote it.
    const KAFKA: &str = "#\n#Sat Nov 21 07:36:41 UTC 2026\nnode.id=1\ndirectory.id=ZhOtR48KSQisOqQ74ErAaw\nversion=1\ncluster.id=Ip6hSbp6TBigrc68cVDhzg\n";

    #[test]
    fn kafkas_file_is_read_and_ours_comes_back() {
        let meta = MetaProperties::parse(KAFKA.as_bytes()).unwrap();
        assert_eq!(
            (meta.node_id, meta.cluster_id.as_str()),
            (NodeId(1), "Ip6hSbp6TBigrc68cVDhzg")
        );
        assert_eq!(MetaProperties::parse(&meta.print()), Ok(meta));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (from, to, named) in [
            ("node.id=1", "node.id=x", "node.id"),
            ("directory.id=Z", "directory.id=!", "directory.id"),
            ("cluster.id", "cluster", "cluster.id"),
            ("version=1", "version=2", "version 2"),
            ("version=1", "", "version 0"),
        ] {
            let why = MetaProperties::parse(KAFKA.replace(from, to).as_bytes()).unwrap_err();
            assert!(why.contains(named), "{why}");
        }
    }
}
