//! The four filters as one chain, as a native module for Envoy.

novasphere_envoy_module::filter!(novasphere_gateway::Gateway);
