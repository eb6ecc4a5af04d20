//! From Kubernetes resources to entities.

use super::entities::Entities;
use crate::{convert::report::Report, found::Project};

/// Adds the entities of all resources.
pub(super) fn add(_project: &Project, _entities: &mut Entities, _report: &mut Report) {}
