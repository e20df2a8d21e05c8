//! The suite of Chatr Connect, with identities from each possible source.

use std::net::SocketAddr;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conformance::run::{Options, Report, Verdict};
use conformance::suite::Suite;
use matou_protocols::chatr;
use matou_server::net::{
    Certificate, ConnectionLimits, Engine, ProcessLimits, RequestService, Service,
};
use matou_server::rest;
use matou_server::store::{Identities, PublicKey, Store};

use crate::{assert_conforms, entropy, judged, traces};

/// A server of Chatr Connect with its registry. When this value is dropped, their temporary folder is removed.
pub(crate) struct ChatrServer {
    folder: tempfile::TempDir,
    engine: Engine,
    pub(crate) service: Service,
    registry: RequestService,
}

impl ChatrServer {
    pub(crate) fn start() -> ChatrServer {
        ChatrServer::with(chatr::Options::default())
    }

    pub(crate) fn pinging_every(ping_interval: Duration) -> ChatrServer {
        ChatrServer::with(chatr::Options {
            ping_interval,
            ..chatr::Options::default()
        })
    }

    fn with(options: chatr::Options) -> ChatrServer {
        let folder = tempfile::TempDir::new().unwrap();
        let engine = Engine::start(&ProcessLimits::default());
        let certificate = Certificate::kept_in(folder.path()).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (identities, known) = (Identities::new(&store), Identities::new(&store));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let room = chatr::Room::new(options, entropy());
        let limits = ConnectionLimits::default();
        let judge = move |claim: chatr::Claim| verified(&known, &claim);
        let service = engine.listen_tls(room, (), any, limits, judge, &certificate);
        let service = service.unwrap();
        let revokers = vec![service.revoker()];
        let options = rest::Options::default();
        let registry = rest::Registry::new(&options, identities, &certificate, revokers);
        let registry = registry.listen(&engine, any).unwrap();
        ChatrServer {
            folder,
            engine,
            service,
            registry,
        }
    }

    fn judge(&self, settings: &[(&str, String)], options: Options) -> Report {
        let settings = settings.iter();
        let options = Options {
            settings: settings
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            ..options
        };
        let suite = Suite::built_in("chatr").unwrap();
        judged(&suite, self.service.address(), &options)
    }

    pub(crate) fn rest(&self) -> (&'static str, String) {
        ("rest", self.registry.address().to_string())
    }

    pub(crate) fn stop(self) {
        drop(self.service);
        drop(self.registry);
        self.engine.stop();
        drop(self.folder);
    }
}

fn verified(identities: &Identities, claim: &chatr::Claim) -> chatr::Verdict {
    let kept = identities.find(claim.uuid).unwrap();
    let key = kept.and_then(|der| PublicKey::from_der(&der).ok());
    match key.map(|key| key.verify(claim.uuid.as_bytes(), &claim.signature)) {
        Some(Ok(())) => chatr::Verdict::Verified,
        _ => chatr::Verdict::Refuted,
    }
}

#[test]
fn chatr_conforms_as_recorded_with_identities_that_the_suite_registers() {
    let server = ChatrServer::start();
    let report = server.judge(&[server.rest()], traces::options());
    assert_conforms(&report);
    traces::check(&report, None);
    assert!(report.certificate.is_some());
    server.stop();
}

#[test]
fn cases_that_need_more_identities_than_given_are_unsupported() {
    let server = ChatrServer::start();
    let folder = server.folder.path();
    let identities = Identities::new(&Store::open(folder).unwrap());
    let mut lines = String::from("# who is registered\n\n");
    for index in 0..4 {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let text = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(private.as_ref())
        );
        std::fs::write(folder.join(format!("{index}.pem")), text).unwrap();
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        let uuid = uuid::Uuid::new_v4();
        identities.register(uuid, public.as_ref(), 100).unwrap();
        lines.push_str(&format!("{uuid} {index}.pem\n"));
    }
    let file = folder.join("identities");
    std::fs::write(&file, lines).unwrap();
    let slow = [
        "first-ping",
        "pings-go-on",
        "time-out",
        "time-out-after-answers",
        "wrong-pong",
        "wrong-pongs-alone",
        "other-packets-are-signs-of-life",
    ];
    let options = Options {
        skip: slow.map(str::to_owned).into(),
        ..Options::default()
    };
    let report = server.judge(&[("identities", file.display().to_string())], options);
    let verdict = |id: &str| report.case(id).map(|case| case.verdict);
    assert_eq!(verdict("accept"), Some(Verdict::Pass), "{report:#?}");
    assert_eq!(verdict("thirty-clients"), Some(Verdict::Unsupported));
    assert_eq!(verdict("request-with-any-ipv4"), Some(Verdict::Unsupported));
    let wrong: Vec<_> = report
        .cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Error))
        .map(|case| format!("{}: {:#?}", case.id, case.failure))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.stop();
}

#[test]
fn without_identities_the_cases_that_need_none_are_judged() {
    let server = ChatrServer::start();
    let options = Options {
        only: ["unknown-uuid", "first-is-a-pong", "accept"]
            .map(str::to_owned)
            .into(),
        ..Options::default()
    };
    let report = server.judge(&[], options);
    let verdict = |id: &str| report.case(id).map(|case| case.verdict);
    assert_eq!(verdict("unknown-uuid"), Some(Verdict::Pass), "{report:#?}");
    assert_eq!(verdict("first-is-a-pong"), Some(Verdict::Pass));
    assert_eq!(verdict("accept"), Some(Verdict::Unsupported));
    let cause = report.case("accept").and_then(|case| case.cause.clone());
    let why = cause.map(|cause| cause.to_string()).unwrap_or_default();
    assert!(why.contains("--set rest=ADDR"), "{why}");
    server.stop();
}
