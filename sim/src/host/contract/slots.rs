//! Things under a small number each, which is used again when the thing is gone.

/// The things.
#[derive(Clone, Debug)]
pub(super) struct Slots<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slots<T> {
    /// Puts a thing in; answers its number.
    pub(super) fn insert(&mut self, thing: T) -> u32 {
        if let Some(number) = self.free.pop() {
            self.places[number as usize] = Some(thing);
            return number;
        }
        self.places.push(Some(thing));
        (self.places.len() - 1) as u32
    }

    /// Takes a thing out for good.
    pub(super) fn remove(&mut self, number: u32) -> T {
        let thing = self.places[number as usize].take();
        self.free.push(number);
        thing.expect("a thing is taken out once")
    }

    /// The thing of this number.
    pub(super) fn at(&mut self, number: u32) -> &mut T {
        let thing = self.places[number as usize].as_mut();
        thing.expect("a number is known while its thing is there")
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}
