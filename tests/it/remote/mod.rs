//! Models behind an endpoint: the engine alone, in battles, and with a real server of another project.
#![cfg(test)]

mod battles;
mod engine;
mod hostile;
mod real;
mod server;

use std::time::Duration;

use arena_core::ids::ModelId;
use arena_core::protocol::{Failure, Finish, Message, Role};
use arena_core::sampling::Sampling;
use doubleblind::inference::remote::Patience;
use doubleblind::inference::{Engine, Generation, Job, Output, RemoteEngine, Work};
use doubleblind::kit::whereabouts::Destination;
use doubleblind::pool::{Endpoint, Model, Source};
use uuid::Uuid;

use crate::arena::LIMIT;
use server::Elsewhere;

/// The endpoint of a test's server.
fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        model: "heron-7b".to_owned(),
        key_file: None,
        operator: Destination { operator: "Heron Hosting".to_owned(), country: "DK".to_owned() },
    }
}

/// A model of the pool behind an endpoint.
fn remote_model(name: &str, url: &str) -> Model {
    Model {
        id: ModelId(Uuid::new_v4()),
        name: name.to_owned(),
        maker: format!("{name} Works"),
        country: "JP".to_owned(),
        licence: "MIT".to_owned(),
        base_model: None,
        context_tokens: 4096,
        source: Source::Endpoint(endpoint(url)),
        weight: 1,
        retired_at: None,
        quarantine: None,
    }
}

/// Patience for servers on the same machine that misbehave.
fn impatient() -> Patience {
    Patience {
        connect: Duration::from_secs(1),
        first_text: Duration::from_millis(1500),
        idle: Duration::from_millis(400),
        total: Duration::from_secs(3),
        counts: Duration::from_millis(200),
        tries: 3,
        first_pause: Duration::from_millis(20),
        look_every: Duration::from_millis(50),
        longest_pause: Duration::from_millis(100),
    }
}

/// An engine that has found its endpoint ready.
async fn ready(server: &Elsewhere) -> RemoteEngine {
    let engine = RemoteEngine::start("Heron", endpoint(&server.url()), 4096, impatient()).unwrap();
    engine.wait_ready().await.unwrap();
    engine
}

fn job() -> Job {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    Job {
        messages: vec![message(Role::System, "Be brief."), message(Role::User, "Why?")],
        sampling: Sampling::default(),
        seed: 77,
        conversation: None,
        steps: None,
    }
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
enum End {
    Done(Finish, Work),
    Failed(Failure, String),
    HungUp,
}

/// Reads an answer to its end.
async fn whole(mut generation: Generation) -> (String, End) {
    let mut text = String::new();
    let reading = async {
        loop {
            match generation.outputs.recv().await {
                Some(Output::Record(_)) => {}
                Some(Output::Text(piece)) => text.push_str(&piece),
                Some(Output::Done { finish, usage }) => return End::Done(finish, usage),
                Some(Output::Failed { failure, detail }) => return End::Failed(failure, detail),
                None => return End::HungUp,
            }
        }
    };
    let end = tokio::time::timeout(LIMIT, reading).await.expect("the answer has no end");
    (text, end)
}

/// The answer of a server that plays these steps, and how it ended.
async fn answer_to(steps: Vec<server::Step>) -> (String, End) {
    let server = Elsewhere::playing(steps).await;
    let engine = ready(&server).await;
    whole(engine.generate(job())).await
}
