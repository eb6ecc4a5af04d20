//! Records of loaded configurations in shared data. Every worker loads a configuration, and on Envoy
//! the main thread too. The first of them creates the record, and logs the version and the warnings.

use std::hash::{DefaultHasher, Hash, Hasher};

use novasphere_core::{SharedData, SharedDataError, UnixTime, Written};

/// Shared data cannot be deleted, so the records are in a fixed number of slots.
const SLOTS: u32 = 1_024;

/// The number of slots in which the record of one configuration may be.
const SLOTS_OF_ONE: u32 = 8;

const KEY_PREFIX: &[u8] = b"novasphere.warnings.1.";

/// Loads within this time count as one. A later load of the same configuration, for example after a
/// restart of the VM, logs its warnings again.
const LOAD_MS: u64 = 60_000;

/// The number of attempts to write. After one lost race, a worker usually finds the winner's
/// record.
const TRIES: usize = 4;

/// A configuration of a filter, as one worker loads it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoadRecord {
    /// A hash without a random key, so that it is the same in all workers.
    id: u64,
}

impl LoadRecord {
    pub(crate) fn of(filter: &str, configuration: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        (filter, configuration).hash(&mut hasher);
        Self { id: hasher.finish() }
    }

    /// Whether this worker is the first to load this configuration. Also true if shared data fails,
    /// or if other configurations fill the slots: warnings may repeat, but none is lost.
    pub(crate) fn is_first(self, data: &dyn SharedData, now: UnixTime) -> bool {
        for _ in 0..TRIES {
            match self.try_create(data, now) {
                Ok(Some(is_first)) => return is_first,
                Ok(None) => {}
                Err(_) => return true,
            }
        }
        true
    }

    /// Creates the record unless it exists. `None` if another worker changed the slot meanwhile.
    fn try_create(
        self,
        data: &dyn SharedData,
        now: UnixTime,
    ) -> Result<Option<bool>, SharedDataError> {
        let mut free = None;
        for key in self.keys() {
            let Some((value, cas)) = data.read(&key)? else {
                // No worker skips a slot that was never used, so the record is not behind it.
                free = free.or(Some((key, None)));
                break;
            };
            match decode(&value).filter(|(_, at)| now.millis.abs_diff(*at) < LOAD_MS) {
                Some((id, _)) if id == self.id => return Ok(Some(false)),
                Some(_) => {}
                None => free = free.or(Some((key, Some(cas)))),
            }
        }
        let Some((key, seen)) = free else { return Ok(Some(true)) };
        let value = [self.id.to_le_bytes(), now.millis.to_le_bytes()].concat();
        let written = data.write(&key, &value, seen)?;
        Ok((written == Written::Done).then_some(true))
    }

    /// The keys of the configuration's slots.
    fn keys(self) -> impl Iterator<Item = Vec<u8>> {
        let [a, b, c, d, ..] = self.id.to_le_bytes();
        let first = u32::from_le_bytes([a, b, c, d]);
        (0..SLOTS_OF_ONE).map(move |offset| {
            let slot = first.wrapping_add(offset) % SLOTS;
            [KEY_PREFIX, &slot.to_le_bytes()].concat()
        })
    }
}

/// The id and the time of a record. `None` if it has another form.
fn decode(value: &[u8]) -> Option<(u64, u64)> {
    let (id, at) = value.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*id), u64::from_le_bytes(at.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use novasphere_core::testing::TestHost;

    use super::*;

    const MINUTE: u64 = 60_000;

    fn is_first(host: &TestHost, configuration: &str, millis: u64) -> bool {
        let record = LoadRecord::of("jwt-auth", configuration.as_bytes());
        record.is_first(host, UnixTime { millis })
    }

    #[test]
    fn one_of_the_workers_logs() {
        let host = TestHost::default();
        let firsts = (0..8).filter(|worker| is_first(&host, "{}", 1_000 + worker)).count();
        assert_eq!(firsts, 1);
        assert!(LoadRecord::of("cors", b"{}").is_first(&host, UnixTime { millis: 1_000 }));
    }

    #[test]
    fn changed_configuration_logs_at_once_and_the_same_one_after_a_minute() {
        let host = TestHost::default();
        assert!(is_first(&host, "{}", 0) && is_first(&host, "{ }", 1));
        assert!(!is_first(&host, "{}", MINUTE - 1));
        assert!(is_first(&host, "{}", MINUTE) && !is_first(&host, "{}", MINUTE + 1));
        // The clock was set back.
        assert!(is_first(&host, "{}", 0));
    }

    #[test]
    fn worker_that_loses_a_race_looks_again() {
        let host = TestHost::default();
        host.cas_mismatches.set(1);
        assert!(is_first(&host, "{}", 0));
        assert!(!is_first(&host, "{}", 0));
    }

    #[test]
    fn slots_are_bounded_and_full_slots_lose_no_warning() {
        let host = TestHost::default();
        for n in 0..2_000 {
            assert!(is_first(&host, &n.to_string(), 0), "{n}");
        }
        let slots = usize::try_from(SLOTS).unwrap();
        assert_eq!(host.shared_values.borrow().len(), slots);
        assert!(is_first(&host, "another", 0) && is_first(&host, "another", 0));
        // The slots are free again after a minute.
        assert!(is_first(&host, "another", MINUTE) && !is_first(&host, "another", MINUTE));
        assert_eq!(host.shared_values.borrow().len(), slots);
    }

    #[test]
    fn every_worker_logs_without_shared_data() {
        let host = TestHost::default();
        host.shared_data_fails.set(true);
        assert!(is_first(&host, "{}", 0) && is_first(&host, "{}", 0));
    }

    #[test]
    fn record_of_another_form_is_replaced() {
        let host = TestHost::default();
        let record = LoadRecord::of("jwt-auth", b"{}");
        for key in record.keys() {
            host.shared_values.borrow_mut().insert(key, (b"torn".to_vec(), 1));
        }
        assert!(is_first(&host, "{}", 0) && !is_first(&host, "{}", 0));
    }
}
