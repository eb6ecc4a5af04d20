//! Connections of the key server.

use axum::{Router, middleware, routing::get};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};

use super::{Behaviour, DISCOVERY_PATH, Shared, answer};

/// Serves until stopped. Then no listener and no connection is left.
pub(super) async fn accept(
    listener: TcpListener,
    shared: Shared,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            // Removes finished connections.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, shared.clone()));
                }
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Serves a connection until it ends or the server goes down.
async fn serve(stream: TcpStream, shared: Shared) {
    // Send small responses at once.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(routes(shared.clone()));
    tokio::select! {
        biased;
        () = down(&shared) => {}
        // Clients may disconnect at any time.
        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
    }
}

/// Returns when the server is down. Counts the connection to close before the client can notice.
async fn down(shared: &Shared) {
    let mut setup = shared.setup.subscribe();
    // `shared` owns the sender, so waiting cannot fail.
    let _ = setup.wait_for(|setup| setup.behaviour == Behaviour::Down).await;
    let mut visits = shared.visits();
    visits.dropped = visits.dropped.saturating_add(1);
}

fn routes(shared: Shared) -> Router {
    Router::new()
        .route(DISCOVERY_PATH, get(answer::description))
        // Issuers publish their keys at different paths.
        .fallback(answer::keys)
        .layer(middleware::from_fn_with_state(shared.clone(), answer::counted))
        .with_state(shared)
}
