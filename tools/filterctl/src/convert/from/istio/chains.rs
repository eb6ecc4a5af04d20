//! The chains of workloads.

use std::cell::RefCell;

use super::{
    authentication, authorization,
    policies::{Policy, Scope},
    workloads::{GatewayName, Workload, policies_of},
};
use crate::convert::{from::input::kubernetes::Object, model::Chain, report::Report};

/// All policies, and the workloads that they may select.
pub(super) struct Chains<'o> {
    pub(super) objects: &'o [Object<'o>],
    pub(super) policies: Vec<Policy<'o>>,
    /// Names of workloads in the input.
    pub(super) known: Vec<String>,
    /// The namespace whose policies are for all namespaces.
    pub(super) root: &'o str,
    done: RefCell<Vec<Done>>,
}

/// The places of policies, and their chain.
type Done = (Vec<usize>, Result<Chain, String>);

impl<'o> Chains<'o> {
    pub(super) fn new(
        objects: &'o [Object<'o>],
        policies: Vec<Policy<'o>>,
        destinations: Vec<String>,
        root: &'o str,
    ) -> Self {
        let services = objects.iter().filter(|o| o.kind == "Service").map(|o| o.name.to_owned());
        let known = services.chain(destinations).collect();
        Self { objects, policies, known, root, done: RefCell::default() }
    }

    /// The chain of a workload, also behind gateways.
    ///
    /// # Errors
    /// Why it cannot be converted.
    pub(super) fn of(
        &self,
        workload: &Workload,
        gateways: &[Workload],
        report: &mut Report,
    ) -> Result<Chain, String> {
        let own = policies_of(workload, &self.policies, &self.known, self.root)?;
        let mut all = own;
        for gateway in gateways {
            let of_gateway = policies_of(gateway, &self.policies, &self.known, self.root)?;
            all = both(of_gateway, all)?;
        }
        self.chain(&all, report)
    }

    /// The chain of gateways, for a route that they answer themselves.
    ///
    /// # Errors
    /// Why it cannot be converted.
    pub(super) fn of_gateways(
        &self,
        gateways: &[Workload],
        report: &mut Report,
    ) -> Result<Chain, String> {
        match gateways.split_first() {
            Some((first, rest)) => self.of(first, rest, report),
            None => Ok(Chain::default()),
        }
    }

    fn chain(&self, policies: &[&Policy<'_>], report: &mut Report) -> Result<Chain, String> {
        let is = |policy: &&Policy<'_>| policies.iter().any(|other| std::ptr::eq(*other, *policy));
        let key = self.policies.iter().enumerate().filter(|(_, policy)| is(policy));
        let key: Vec<usize> = key.map(|(index, _)| index).collect();
        if let Some((_, chain)) = self.done.borrow().iter().find(|(known, _)| *known == key) {
            return chain.clone();
        }
        let chain = new_chain(policies, report);
        self.done.borrow_mut().push((key, chain.clone()));
        chain
    }

    /// The workloads that policies select, for an input without routes.
    pub(super) fn selected(&self) -> Vec<Workload> {
        let mut workloads: Vec<Workload> = Vec::new();
        for policy in &self.policies {
            let (name, labels) = match &policy.scope {
                Scope::All => continue,
                Scope::Labels(labels) => {
                    let names = ["app.kubernetes.io/name", "app", "istio"];
                    let name = names
                        .iter()
                        .find_map(|name| labels.iter().find(|(key, _)| key == name))
                        .map_or("upstream", |(_, value)| value);
                    (name.to_owned(), Some(labels.clone()))
                }
                Scope::Targets(targets) => {
                    let name = targets.first().map(|(_, name)| name.clone());
                    (name.unwrap_or_default(), None)
                }
            };
            let namespace = policy.object.namespace.to_owned();
            let is_known =
                |w: &Workload| w.name == name && w.namespace == namespace && w.labels == labels;
            if !workloads.iter().any(is_known) {
                let is_gateway = matches!(&policy.scope, Scope::Targets(targets)
                    if targets.iter().any(|(kind, _)| kind == "Gateway"));
                let gateway = is_gateway.then(|| GatewayName::new(&name, &namespace));
                workloads.push(Workload { name, namespace, labels, gateway });
            }
        }
        if let (true, Some(first)) = (workloads.is_empty(), self.policies.first()) {
            let namespace = first.object.namespace.to_owned();
            let name = "upstream".to_owned();
            workloads.push(Workload { name, namespace, labels: None, gateway: None });
        }
        workloads
    }
}

/// The policies with the verdicts of a gateway and of a workload behind it.
fn both<'p, 'o>(
    gateway: Vec<&'p Policy<'o>>,
    workload: Vec<&'p Policy<'o>>,
) -> Result<Vec<&'p Policy<'o>>, String> {
    let is_in = |policy: &&Policy<'o>, all: &[&Policy<'o>]| {
        all.iter().any(|other| std::ptr::eq(*other, *policy))
    };
    let adds_nothing = |some: &[&'p Policy<'o>], all: &[&'p Policy<'o>]| {
        let is_equal = all.len() == some.len();
        some.iter().all(|policy| is_in(policy, all) && (is_equal || policy.only_rejects()))
    };
    if adds_nothing(&gateway, &workload) {
        Ok(workload)
    } else if adds_nothing(&workload, &gateway) {
        Ok(gateway)
    } else {
        Err("its gateway and its workload have different policies".to_owned())
    }
}

fn new_chain(policies: &[&Policy<'_>], report: &mut Report) -> Result<Chain, String> {
    let mut chain = Chain::default();
    let (authentications, authorizations): (Vec<&Policy<'_>>, Vec<&Policy<'_>>) =
        policies.iter().partition(|policy| policy.is_authentication());
    let unchecked = |check: String| crate::convert::from::unchecked(&check);
    let jwt = authentication::section(&objects(&authentications), report).map_err(unchecked)?;
    authorization::add(&mut chain, jwt, &objects(&authorizations), report).map_err(unchecked)?;
    for policy in policies {
        report.converted(&policy.object.place(), policy.object.describe());
    }
    Ok(chain)
}

fn objects<'p>(policies: &[&'p Policy<'_>]) -> Vec<&'p Object<'p>> {
    policies.iter().map(|policy| policy.object).collect()
}
