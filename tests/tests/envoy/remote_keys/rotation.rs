//! An issuer rotates its key under load: every valid token passes, and the old key stops working
//! once it is removed.

use std::time::Duration;

use anyhow::{Result, ensure};
use novasphere_harness::{chain, clock::instant, gateway::Gateway, wait::until};
use novasphere_tests::{
    key_server::{Behaviour, JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{
    CONNECTIONS, COOLDOWN, ensure_all_pass, gateway, load::Load, load::under_load, published,
    server, status, statuses, tokens, workers_taking_part,
};

const WORKERS: u32 = 4;

/// Seconds between refreshes, once the new key is published.
const REFRESH: u64 = 5;

/// Token pools of the load.
const OLD: usize = 0;
const NEW: usize = 1;

/// Tokens per pool, so that the gateway sees both new and repeated tokens.
const POOL: usize = 60;

struct Rotation<'t> {
    server: &'t KeyServer,
    gateway: &'t Gateway,
    old: TestKey,
    new: TestKey,
    old_tokens: Vec<String>,
}

impl Rotation<'_> {
    fn run(&self, load: &Load) -> Result<()> {
        load.wait_for_passed(OLD, 300)?;
        self.publish_both_keys(load)?;
        load.switch(NEW, |_| true);
        load.wait_until_settled()?;
        load.wait_for_passed(NEW, 300)?;
        self.withdraw_old_key(load)?;
        load.wait_for_passed(NEW, 300)
    }

    /// Publishes the new key; half of the clients use it at once.
    fn publish_both_keys(&self, load: &Load) -> Result<()> {
        // Wait for the cooldown to end. A key that is published right after a fetch has to wait for
        // the cooldown, so the refetch would come too late. No refresh is due before the new key.
        self.server.wait_for_silence(COOLDOWN + Duration::from_millis(200))?;
        self.server.set(|setup| {
            setup.keys = published(&[&self.old, &self.new]);
            setup.cache_control = Some(format!("max-age={REFRESH}"));
            setup.behaviour = Behaviour::Slow(Duration::from_millis(300));
        });
        load.switch(NEW, |client| client % 2 == 0);
        load.wait_until_settled()?;
        load.wait_for_passed(NEW, 300)?;
        load.wait_for_passed(OLD, 300)?;
        ensure_all_pass(self.gateway, &self.old)
    }

    fn withdraw_old_key(&self, load: &Load) -> Result<()> {
        self.server.set(|setup| setup.keys = published(&[&self.new]));
        until("the old key to be refused", || {
            let [first, ..] = self.old_tokens.as_slice() else { return Ok(None) };
            Ok((status(self.gateway, first)? == 401).then_some(()))
        })?;
        // All workers share one key set, so none lags by more than a moment.
        until("the old key to be refused by every worker", || {
            let known = self.old_tokens.iter().take(CONNECTIONS);
            let statuses = statuses(self.gateway, known)?;
            Ok((statuses.keys().eq(&[401])).then_some(()))
        })?;
        load.wait_for_passed(NEW, 300)?;
        // Tokens that workers verified earlier are rejected too.
        let known = statuses(self.gateway, &self.old_tokens)?;
        let fresh = statuses(self.gateway, &tokens(&self.old, CONNECTIONS)?)?;
        ensure!(known.keys().eq(&[401]), "tokens verified earlier: {known:?}");
        ensure!(fresh.keys().eq(&[401]), "new tokens: {fresh:?}");
        Ok(())
    }
}

#[test]
fn rotation_refuses_no_valid_token() -> Result<()> {
    let [old, new] = [TestKey::es256("2026-01")?, TestKey::es256("2026-02")?];
    let server = server(&[&old])?;
    let gateway = gateway(&server, WORKERS, Value::Null)?;
    ensure_all_pass(&gateway, &old)?;
    let (old_tokens, new_tokens) = (tokens(&old, POOL)?, tokens(&new, POOL)?);
    let pools = vec![old_tokens.clone(), new_tokens];
    let rotation = Rotation { server: &server, gateway: &gateway, old, new, old_tokens };
    let (start, before) = (instant(), server.requests(JWKS_PATH));
    under_load(gateway.addr, CONNECTIONS, pools, |load| rotation.run(load))?;
    let (span, fetches) = (start.elapsed(), server.requests(JWKS_PATH) - before);
    // Rejected tokens of the old key may cause one fetch per cooldown.
    let bound = usize::try_from(span.as_secs())?.saturating_add(2);
    ensure!(fetches <= bound, "{fetches} fetches within {span:?}");
    let workers = workers_taking_part(&gateway)?;
    ensure!(workers >= 3, "only {workers} workers took connections");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn replaced_key_with_the_same_kid_invalidates_old_tokens() -> Result<()> {
    let [old, new] = [TestKey::es256("the-key")?, TestKey::es256("the-key")?];
    let server = server(&[&old])?;
    let gateway = gateway(&server, WORKERS, json!({"refresh": 1}))?;
    ensure_all_pass(&gateway, &old)?;
    let known = tokens(&old, CONNECTIONS)?;
    ensure!(statuses(&gateway, &known)?.keys().eq(&[200]));
    server.set(|setup| setup.keys = published(&[&new]));
    until("every worker to accept the new key", || {
        let statuses = statuses(&gateway, &tokens(&new, CONNECTIONS)?)?;
        Ok(statuses.keys().eq(&[200]).then_some(()))
    })?;
    let statuses = statuses(&gateway, &known)?;
    ensure!(statuses.keys().eq(&[401]), "tokens of the old key: {statuses:?}");
    chain::ensure_no_trap(&gateway.envoy)
}
