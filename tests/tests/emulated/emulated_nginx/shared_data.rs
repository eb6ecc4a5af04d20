//! Shared data.

use std::{sync::Arc, thread};

use anyhow::{Result, anyhow, ensure};
use novasphere_emulated_host::{Action, Host, Kind, Plugin, Proxy, Worker, crc32, status};
use novasphere_harness::client::Request;

use super::naive::{ensure_sound, for_each_request, nginx, status_of, worker};

const LIMIT: &str = r#"{"year": 1000000, "limit_by": "header", "header_name": "x-client"}"#;

#[test]
fn access_without_a_zone_traps_and_gives_500() -> Result<()> {
    let mut proxy = nginx()?;
    proxy.zone = None;
    let proxy = Arc::new(proxy);
    let read = for_each_request(|host| host.shared_data(b"k").map(|_| Action::Continue));
    let write =
        for_each_request(|host| host.set_shared_data(b"k", b"", 0).map(|_| Action::Continue));
    for plugin in [read, write] {
        ensure!(Worker::start(&proxy, &[plugin])?.send(&Request::get("/"))?.status == 500);
    }
    // No request passes unlimited, and the log names the setting.
    let mut ours = Worker::start(&proxy, &[Plugin::wasm("rate-limit", LIMIT)])?;
    let logged = |worker: &Worker| {
        worker.log().iter().filter(|(_, line)| line.contains("nginx_wasm_shm_kv")).count()
    };
    ensure!(logged(&ours) == 1, "{:?}", ours.log());
    for n in 0..3 {
        let answer = ours.send(&Request::get("/"))?;
        ensure!(answer.status == 500 && answer.upstream.is_none(), "{n}: {answer:?}");
    }
    ensure!(logged(&ours) > 1 && ours.crashed().is_none(), "{:?}", ours.log());
    Ok(())
}

#[test]
fn no_warning_with_a_zone() -> Result<()> {
    let mut ours = worker(&[Plugin::wasm("rate-limit", LIMIT)])?;
    ensure!(ours.send(&Request::get("/"))?.status == 200);
    ensure!(ours.log().iter().all(|(level, _)| *level < 3), "{:?}", ours.log());
    ensure_sound(&ours)
}

/// The 4 bytes that extend `start` to data with the wanted checksum.
fn suffix_for_checksum(start: &[u8], wanted: u32) -> u32 {
    let sum = |n: u32| crc32(&[start, &n.to_le_bytes()].concat());
    // A CRC is linear, so this solves the equations bit by bit.
    let base = sum(0);
    let mut rows: Vec<(u32, u32)> = (0..32).map(|bit| (sum(1 << bit) ^ base, 1 << bit)).collect();
    let (mut goal, mut solution) = (wanted ^ base, 0);
    for bit in (0..32).rev() {
        let has = |value: u32| value >> bit & 1 == 1;
        let Some(index) = rows.iter().position(|row| has(row.0)) else { continue };
        let pivot = rows.swap_remove(index);
        for row in rows.iter_mut().filter(|row| has(row.0)) {
            *row = (row.0 ^ pivot.0, row.1 ^ pivot.1);
        }
        if has(goal) {
            (goal, solution) = (goal ^ pivot.0, solution ^ pivot.1);
        }
    }
    solution
}

/// Two keys with the same checksum.
fn colliding_keys() -> (Vec<u8>, Vec<u8>) {
    let (first, start) = (b"a.0000".to_vec(), b"b.");
    let end = suffix_for_checksum(start, crc32(&first));
    (first, [start, &end.to_le_bytes()[..]].concat())
}

#[test]
fn keys_with_the_same_checksum_share_an_entry() -> Result<()> {
    let (first, second) = colliding_keys();
    ensure!(first != second && crc32(&first) == crc32(&second));
    ensure!(crc32(b"123456789") == 0xcbf4_3926); // the check value of this CRC
    let mut naive = worker(&[for_each_request(|host| {
        let (first, second) = colliding_keys();
        assert_eq!(host.set_shared_data(&first, b"mine", 0)?, Ok(()));
        assert_eq!(host.shared_data(&second)?, Ok((b"mine".to_vec(), 1)));
        Ok(Action::Continue)
    })])?;
    naive.send(&Request::get("/"))?;
    ensure_sound(&naive)
}

/// A key of the filters is a prefix and an index of 4 bytes. Keys with the same prefix never share
/// a checksum. Keys with different prefixes do if the XOR of their indexes is a certain constant,
/// so that constant must be out of range.
#[test]
fn filter_keys_never_share_a_checksum() -> Result<()> {
    let jwks_sum = crc32(&[&b"novasphere.jwt-auth.1."[..], &[0; 4]].concat());
    let constant = suffix_for_checksum(b"novasphere.rate-limit.2.", jwks_sum);
    for jwks_index in 0..512 {
        let limits_index = constant ^ jwks_index;
        // Indexes below 2^24 are slots of the largest table; the last one is the seed.
        ensure!(limits_index >= 1 << 24 && limits_index != u32::MAX, "{limits_index:#x}");
    }
    Ok(())
}

#[test]
fn cas_zero_creates_and_never_overwrites() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        assert_eq!(
            host.set_shared_data(b"k", b"1", u32::MAX).map(status_of)?,
            status::CAS_MISMATCH
        );
        assert_eq!(host.set_shared_data(b"k", b"1", 0)?, Ok(()));
        assert_eq!(host.set_shared_data(b"k", b"2", 0).map(status_of)?, status::CAS_MISMATCH);
        let (_, cas) = host.shared_data(b"k")?.unwrap();
        assert_eq!(host.set_shared_data(b"k", b"2", cas)?, Ok(()));
        Ok(Action::Continue)
    })])?;
    naive.send(&Request::get("/"))?;
    ensure_sound(&naive)?;
    // On Envoy, CAS 0 overwrites and the highest number creates.
    let proxy = Arc::new(Proxy::new(Kind::Envoy));
    let mut envoy = Worker::start(
        &proxy,
        &[for_each_request(|host| {
            assert_eq!(host.set_shared_data(b"k", b"1", u32::MAX)?, Ok(()));
            assert_eq!(
                host.set_shared_data(b"k", b"2", u32::MAX).map(status_of)?,
                status::CAS_MISMATCH
            );
            assert_eq!(host.set_shared_data(b"k", b"3", 0)?, Ok(()));
            Ok(Action::Continue)
        })],
    )?;
    envoy.send(&Request::get("/"))?;
    ensure_sound(&envoy)
}

#[test]
fn growing_a_value_in_a_full_zone_crashes_the_worker() -> Result<()> {
    let mut proxy = nginx()?;
    proxy.zone = Some(1_000);
    let mut naive = Worker::start(
        &Arc::new(proxy),
        &[for_each_request(|host| {
            assert_eq!(host.set_shared_data(b"k", &[0; 400], 0)?, Ok(()));
            assert_eq!(host.set_shared_data(b"l", &[0; 400], 0)?, Ok(()));
            host.set_shared_data(b"k", &[0; 500], 1).map(|_| Action::Continue)
        })],
    )?;
    naive.send(&Request::get("/"))?;
    ensure!(naive.crashed().is_some(), "the quirk is not emulated");
    Ok(())
}

#[test]
fn filters_keep_running_when_a_full_zone_evicts_entries() -> Result<()> {
    let mut proxy = nginx()?;
    proxy.zone = Some(6_000); // ten slots or so
    let proxy = Arc::new(proxy);
    let mut ours = Worker::start(&proxy, &[Plugin::wasm("rate-limit", LIMIT)])?;
    for n in 0..300 {
        let request = Request::get("/").header("x-client", format!("c{n}"));
        ensure!(ours.send(&request)?.status == 200);
    }
    ensure!(proxy.shared_keys() < 30, "nothing was evicted");
    ensure_sound(&ours)
}

#[test]
fn torn_value_is_never_written_back_and_never_traps() -> Result<()> {
    let proxy = Arc::new(nginx()?);
    let config = r#"{"year": 10, "limit_by": "header", "header_name": "x-client"}"#;
    let mut ours = Worker::start(&proxy, &[Plugin::wasm("rate-limit", config)])?;
    for n in 0..200_u32 {
        proxy.tear_next_read(&n.to_le_bytes().repeat(500));
        let request = Request::get("/").header("x-client", format!("c{}", n % 50));
        let status = ours.send(&request)?.status;
        ensure!([200, 429].contains(&status), "{status}");
    }
    ensure_sound(&ours)
}

/// The number of requests that four workers admit together.
fn admitted(kind: Kind) -> Result<usize> {
    let mut proxy = Proxy::new(kind);
    proxy.zone = Some(10 << 20);
    let proxy = Arc::new(proxy);
    let config = r#"{"year": 100, "limit_by": "header", "header_name": "x-client"}"#;
    let one = |proxy: Arc<Proxy>| -> Result<usize> {
        let mut worker = Worker::start(&proxy, &[Plugin::wasm("rate-limit", config)])?;
        let mut passed = 0;
        for _ in 0..80 {
            let answer = worker.send(&Request::get("/").header("x-client", "one"))?;
            passed += usize::from(answer.status == 200);
        }
        ensure_sound(&worker)?;
        Ok(passed)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(|| one(Arc::clone(&proxy)))).collect();
        let joined = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(anyhow!("a worker panicked"))));
        joined.sum()
    })
}

#[test]
fn four_workers_share_one_count_on_nginx() -> Result<()> {
    ensure!(admitted(Kind::Nginx)? == 100);
    Ok(())
}

#[test]
fn four_workers_share_one_count_on_envoy() -> Result<()> {
    ensure!(admitted(Kind::Envoy)? == 100);
    Ok(())
}

/// `random_get` returns the same bytes in two workers that start identically.
#[test]
fn seed_does_not_depend_on_predictable_random_bytes_alone() -> Result<()> {
    let drawn = || -> Result<Vec<(u32, String)>> {
        let proxy = Arc::new(nginx()?);
        let draw = |host: &Host| {
            host.log(2, format!("{:?}", host.random(16)));
            Ok(Action::Continue)
        };
        let mut naive = Worker::start(&proxy, &[for_each_request(draw)])?;
        naive.send(&Request::get("/"))?;
        Ok(naive.log())
    };
    ensure!(drawn()? == drawn()?, "the quirk is not emulated");

    let seed = |variable: &str| -> Result<Vec<u8>> {
        let mut proxy = nginx()?;
        proxy.environment.insert("NOVASPHERE_SEED".to_owned(), variable.to_owned());
        let proxy = Arc::new(proxy);
        let read = for_each_request(|host| {
            let key = [&b"novasphere.rate-limit.2."[..], &u32::MAX.to_le_bytes()].concat();
            let (seed, _) = host.shared_data(&key)?.unwrap_or_default();
            host.log(9, String::from_utf8_lossy(&seed).into_owned());
            Ok(Action::Continue)
        });
        let mut ours = Worker::start(&proxy, &[Plugin::wasm("rate-limit", LIMIT), read])?;
        ours.send(&Request::get("/"))?;
        let log = ours.log().into_iter().filter(|(level, _)| *level == 9);
        Ok(log.flat_map(|(_, line)| line.into_bytes()).collect())
    };
    let (one, other, secret) = (seed("")?, seed("")?, seed("an operator's secret")?);
    ensure!(!one.is_empty() && one != other && one != secret, "{one:?} {other:?} {secret:?}");
    Ok(())
}
