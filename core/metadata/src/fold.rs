//! Folds the metadata log into an image. In: the values of its records and the ends of its batches, in order. Out: the
//! [`Image`].
//!
//! | state | BeginTransaction | EndTransaction | AbortTransaction | any other record |
//! |---|---|---|---|---|
//! | closed | → open | unfit | unfit | changes the image |
//! | open | unfit | → closed, its changes are the image's | → closed, its changes never were | waits |
//!
//! O1: the image never holds a part of a transaction.
//! O2: offsets only grow.
//! O3: after a record that does not fit, the fold is as it was before it.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_protocol::messages::MetadataRecord;

use crate::{Image, Unfit};

/// An image on its way through the log.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    image: Image,
    /// The image and the changes of the transaction that is open.
    open: Option<Image>,
}

impl Fold {
    /// Nothing folded yet.
    pub fn new() -> Fold {
        Fold::default()
    }

    /// Begins with a snapshot: the values of its records, and the offset and epoch of the last entry that it covers.
    pub fn snapshot<V: AsRef<[u8]>>(
        values: impl IntoIterator<Item = V>,
        last: Offset,
        epoch: LeaderEpoch,
    ) -> Result<Fold, Unfit> {
        let mut fold = Fold::new();
        for (index, value) in values.into_iter().enumerate() {
            fold.apply(Offset(index as i64), epoch, value.as_ref())?;
        }
        fold.stands_at(last, epoch)?;
        Ok(fold)
    }

    /// All that was folded was a snapshot's, whose records count from 0: what they say holds at the last entry that it covers.
    pub fn stands_at(&mut self, last: Offset, epoch: LeaderEpoch) -> Result<(), Unfit> {
        if self.open.is_some() {
            let why = "a snapshot ends within a transaction".to_owned();
            return Err(Unfit { offset: last, why });
        }
        self.image.offset = last;
        self.image.epoch = epoch;
        Ok(())
    }

    /// What is decided: no part of an open transaction.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.open.is_some()
    }

    /// Takes a record in, as its value stands in the log.
    pub fn apply(&mut self, offset: Offset, epoch: LeaderEpoch, value: &[u8]) -> Result<(), Unfit> {
        let unfit = |why: String| Unfit { offset, why };
        let record = MetadataRecord::decode(value).map_err(|error| unfit(error.to_string()))?;
        let last = self.open.as_ref().unwrap_or(&self.image).offset;
        if offset <= last {
            return Err(unfit(format!("O2: it comes after offset {last}")));
        }
        match record {
            MetadataRecord::BeginTransaction(_) if self.open.is_some() => {
                return Err(unfit("a transaction is open already".to_owned()));
            }
            MetadataRecord::BeginTransaction(_) => self.open = Some(self.image.clone()),
            MetadataRecord::EndTransaction(_) => match self.open.take() {
                Some(image) => self.image = image,
                None => return Err(unfit("it ends a transaction that never began".to_owned())),
            },
            MetadataRecord::AbortTransaction(_) => {
                if self.open.take().is_none() {
                    return Err(unfit("it aborts a transaction that never began".to_owned()));
                }
            }
            record => self.current().apply(&record, value).map_err(unfit)?,
        }
        self.passed(offset, epoch);
        Ok(())
    }

    /// The log went on to `offset` without changing anything: a control batch.
    pub fn passed(&mut self, offset: Offset, epoch: LeaderEpoch) {
        let current = self.current();
        assert!(offset >= current.offset, "O2: {offset} was passed already");
        current.offset = offset;
        current.epoch = epoch;
    }

    fn current(&mut self) -> &mut Image {
        self.open.as_mut().unwrap_or(&mut self.image)
    }
}
