//! Work that goes on to its end although the one who asked for it has gone.

/// Does the work in a task of its own: a closed connection drops the waiting, not the work, so that what
/// has been stored is always followed by what belongs to it.
pub async fn undisturbed<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is closing; nobody waits any more.
        Err(Err(_)) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_is_done_although_the_waiting_was_dropped() {
        let (begin, begun) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        let work = undisturbed(async move {
            let _ = begun.await;
            end.send(7)
        });

        assert!(tokio::time::timeout(Duration::from_millis(1), work).await.is_err());
        begin.send(()).unwrap();

        assert_eq!(ended.await, Ok(7));
    }
}
