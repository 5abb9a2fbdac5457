//! A controller says that it is here: written as it is, once per life.

use ottla_metadata::ControllerNode;
use ottla_protocol::messages::MetadataRecord;

use crate::Refusal;
use crate::draft::Draft;

pub(crate) fn decide(draft: &mut Draft, node: &ControllerNode) -> Result<(), Refusal> {
    let known = draft.image().controllers().any(|known| **known == *node);
    if !known {
        draft.push(MetadataRecord::RegisterController(node.record()));
    }
    Ok(())
}
