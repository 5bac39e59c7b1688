//! How a process ends: the first request drains, the second stops.

use tokio_util::sync::CancellationToken;

/// Shared by everyone that must know.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    stop: CancellationToken,
}

impl Shutdown {
    /// One more request to end: the first drains, later ones stop.
    pub fn request(&self) {
        if self.drain.is_cancelled() {
            self.stop.cancel();
        } else {
            self.drain.cancel();
        }
    }

    /// Stops at once, without draining.
    pub fn stop_now(&self) {
        self.drain.cancel();
        self.stop.cancel();
    }

    /// Whether nothing new may be taken in.
    pub fn draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Whether work in flight is to be dropped.
    pub fn stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until nothing new may be taken in.
    pub async fn drained(&self) {
        self.drain.cancelled().await;
    }

    /// What comes of `work`, unless nothing new may be taken in before it has come.
    pub async fn unless_drained<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            came = work => Some(came),
            () = self.drained() => None,
        }
    }

    /// Waits until work in flight is to be dropped.
    pub async fn until_stopped(&self) {
        self.stop.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_request_stops() {
        let shutdown = Shutdown::default();
        shutdown.request();
        assert!(shutdown.draining() && !shutdown.stopped());
        shutdown.request();
        assert!(shutdown.stopped());
    }
}
