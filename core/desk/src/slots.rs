//! A table whose places are used again. A key carries the place's generation, so an old key finds nothing.

#[derive(Clone, Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

#[derive(Clone, Debug)]
pub(crate) struct Slots<T> {
    list: Vec<Slot<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots {
            list: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slots<T> {
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.list[place as usize].value = Some(value);
            return place;
        }
        let place = u32::try_from(self.list.len()).expect("fewer than 2^32 things at once");
        self.list.push(Slot {
            generation: 0,
            value: Some(value),
        });
        place
    }

    /// The key of an occupied place.
    pub(crate) fn key(&self, place: u32) -> u64 {
        u64::from(self.list[place as usize].generation) << 32 | u64::from(place)
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.list.get_mut(place as usize)?.value.as_mut()
    }

    pub(crate) fn remove(&mut self, place: u32) -> Option<T> {
        let slot = self.list.get_mut(place as usize)?;
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(place);
        Some(value)
    }

    /// Takes out what this key names, if it is still that.
    pub(crate) fn take(&mut self, key: u64) -> Option<T> {
        let place = key as u32;
        let slot = self.list.get(place as usize)?;
        if slot.generation != (key >> 32) as u32 {
            return None;
        }
        self.remove(place)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len() - self.free.len()
    }
}
