//! An array that is not unpacked: where the spec says `view`. A request with a hundred partitions takes no memory for them.
//!
//! In: a vector, from whoever makes a message; or bytes, from [`Reader`], which has read every element of them once and refuses what it
//! would refuse of a vector. Out: the elements, each made again whenever it is asked for, which costs little as they hold only numbers and
//! borrowed bytes.
//!
//! Invariants
//! - E1: the bytes of a view end where its last element ends, and hold as many as `count` says; what was read once there reads again.

use super::{Element, Reader};
use std::fmt;

/// The elements of an array, in a vector or still in the bytes of the message.
#[derive(Clone)]
pub struct Elements<'a, T>(Held<'a, T>);

#[derive(Clone)]
enum Held<'a, T> {
    Made(Vec<T>),
    Read(View<'a>),
}

/// Elements that are still bytes, and how these are to be read.
#[derive(Clone)]
struct View<'a> {
    reader: Reader<'a>,
    count: usize,
    flexible: bool,
    version: i16,
}

impl<'a, T: Element<'a>> Elements<'a, T> {
    /// Reads so many, and keeps where they are.
    pub(super) fn read(
        r: &mut Reader<'a>,
        count: usize,
        flexible: bool,
        version: i16,
    ) -> Result<Elements<'a, T>, super::DecodeError> {
        let mut reader = r.clone();
        for _ in 0..count {
            T::read(r, flexible, version)?;
        }
        reader.end_where(r);
        Ok(Elements(Held::Read(View {
            reader,
            count,
            flexible,
            version,
        })))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Held::Made(made) => made.len(),
            Held::Read(view) => view.count,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each of them.
    pub fn iter(&self) -> Iter<'_, 'a, T> {
        Iter(match &self.0 {
            Held::Made(made) => Rest::Made(made.iter()),
            Held::Read(view) => Rest::Read(view.clone()),
        })
    }

    /// The vector of them, made if there was none.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        if let Held::Read(_) = self.0 {
            self.0 = Held::Made(self.iter().collect());
        }
        match &mut self.0 {
            Held::Made(made) => made,
            Held::Read(_) => unreachable!("it was made"),
        }
    }
}

/// Goes through [`Elements`].
#[derive(Clone)]
pub struct Iter<'e, 'a, T>(Rest<'e, 'a, T>);

#[derive(Clone)]
enum Rest<'e, 'a, T> {
    Made(std::slice::Iter<'e, T>),
    Read(View<'a>),
}

impl<'a, T: Element<'a>> Iterator for Iter<'_, 'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Rest::Made(made) => made.next().cloned(),
            Rest::Read(view) => {
                view.count = view.count.checked_sub(1)?;
                let element = T::read(&mut view.reader, view.flexible, view.version);
                Some(element.expect("E1: what was read once reads again"))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            Rest::Made(made) => made.len(),
            Rest::Read(view) => view.count,
        };
        (left, Some(left))
    }
}

impl<'a, T: Element<'a>> ExactSizeIterator for Iter<'_, 'a, T> {}

impl<'e, 'a, T: Element<'a>> IntoIterator for &'e Elements<'a, T> {
    type Item = T;
    type IntoIter = Iter<'e, 'a, T>;

    fn into_iter(self) -> Iter<'e, 'a, T> {
        self.iter()
    }
}

impl<T> Default for Elements<'_, T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> From<Vec<T>> for Elements<'_, T> {
    fn from(made: Vec<T>) -> Self {
        Elements(Held::Made(made))
    }
}

impl<T, const N: usize> From<[T; N]> for Elements<'_, T> {
    fn from(made: [T; N]) -> Self {
        Vec::from(made).into()
    }
}

impl<T> FromIterator<T> for Elements<'_, T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Vec::from_iter(elements).into()
    }
}

/// As lists: it does not matter how they are held.
impl<'a, T: Element<'a> + PartialEq> PartialEq for Elements<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for Elements<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DecodeError, Writer};
    use super::*;

    #[test]
    fn a_view_is_what_a_vector_is() {
        let made = Elements::from(vec![7i32, -1, 3]);
        let mut w = Writer::new();
        w.elements(&made, false, 0).unwrap();
        w.i8(5);
        let (bytes, _) = w.finish();
        let mut r = Reader::new(&bytes);
        let mut read: Elements<'_, i32> = r.elements(false, 0).unwrap();
        assert_eq!(r.i8(), Ok(5));
        assert_eq!((read.len(), read.iter().len()), (3, 3));
        assert_eq!(read, made);
        assert_eq!(format!("{read:?}"), "[7, -1, 3]");
        read.to_mut().push(4);
        assert_ne!(read, made);
        assert!(read.iter().eq([7, -1, 3, 4]));
    }

    #[test]
    fn a_view_is_refused_as_a_vector_is() {
        for (bytes, why) in [
            (&[0, 0, 0, 2, 0, 0, 0][..], "a count"),
            (&[0xff; 4], "null"),
            (&[0, 0], "half a count"),
        ] {
            let viewed = Reader::new(bytes).elements::<i32>(false, 0).map(drop);
            let unpacked = Reader::new(bytes).array::<i32>(false, 0).map(drop);
            assert!(unpacked.is_err(), "{why}");
            assert_eq!(viewed, unpacked, "{why}");
        }
        // The count is possible, the second string is cut off.
        let bytes = [3, 1, 4, b'x'];
        let viewed = Reader::new(&bytes).elements::<std::borrow::Cow<'_, str>>(true, 0);
        let short = DecodeError::Short {
            at: 3,
            wanted: 3,
            left: 1,
        };
        assert_eq!(viewed.map(drop), Err(short));
    }
}
