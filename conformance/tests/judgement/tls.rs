//! Tests of lanes with TLS. The runner judges the tiny protocol over TLS, and also how the target ends its TLS connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use conformance::run::{FailureKind, Report, Segments, Verdict, run_suite};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::protocol::{HELLO, case, options, suite_over_tls};
use crate::target::{Quirk, Target};

/// How the target ends a connection after an ASK.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    WithCloseNotify,
    WithoutIt,
}

/// Serves until the process ends. The server answers every HELLO with WELCOME, and ends the connection when it receives an
/// ASK.
fn serve(ends: Ends) -> SocketAddr {
    let pair = KeyPair::generate().expect("a key can be generated");
    let parameters = CertificateParams::new(["localhost".to_owned()]).expect("it is a name");
    let certificate = parameters.self_signed(&pair).expect("the key can sign");
    let key = PrivatePkcs8KeyDer::from(pair.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the usual versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .expect("the key belongs to the certificate");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls =
                ServerConnection::new(Arc::clone(&config)).expect("the configuration is right");
            std::thread::spawn(move || talk(StreamOwned::new(tls, stream), ends));
        }
    });
    address
}

fn talk(mut stream: StreamOwned<ServerConnection, TcpStream>, ends: Ends) -> std::io::Result<()> {
    loop {
        let mut opcode = [0];
        stream.read_exact(&mut opcode)?;
        match opcode[0] {
            0 => {
                let mut length = [0; 4];
                stream.read_exact(&mut length)?;
                let mut name = vec![0; u32::from_be_bytes(length).min(100) as usize];
                stream.read_exact(&mut name)?;
                stream.write_all(&[1])?;
            }
            _ => {
                if ends == Ends::WithCloseNotify {
                    stream.conn.send_close_notify();
                    stream.flush()?;
                }
                return Ok(());
            }
        }
    }
}

const ENDS: &str = r#"
scenario "ends" {
    title "the server closes a connection in order after an ask"
    checks PARLEY-5
    use login alice
    alice > ASK
    alice < eof
}
scenario "garbage" {
    title "bytes that are not TLS end the connection"
    checks PARLEY-1
    client mallory tls=no
    mallory > raw (utf8)"GET / HTTP/1.0\r\n\r\n"
    mallory < closed
    use login alice
}
"#;

fn judge(address: SocketAddr, segments: Segments) -> Report {
    let options = conformance::run::Options {
        segments,
        ..options()
    };
    let suite = suite_over_tls(&[HELLO, ENDS]);
    run_suite(&suite, address, &options).expect("the options name no case")
}

#[test]
fn a_protocol_with_tls_is_judged_and_the_certificate_is_recorded() {
    for segments in [Segments::Whole, Segments::EachByte] {
        let report = judge(serve(Ends::WithCloseNotify), segments);
        for id in ["hello", "ends", "garbage"] {
            assert_eq!(case(&report, id).verdict, Verdict::Pass, "{report:#?}");
        }
        let fingerprint = report.certificate.expect("the report has the certificate");
        assert_eq!(fingerprint.len(), 32 * 3 - 1);
    }
}

#[test]
fn a_close_without_close_notify_is_a_failure() {
    let report = judge(serve(Ends::WithoutIt), Segments::Whole);
    let failure = case(&report, "ends").failure.as_ref().expect("it fails");
    assert_eq!(failure.kind, FailureKind::Ended);
    assert!(failure.got.contains("close_notify"), "{}", failure.got);
    assert_eq!(case(&report, "garbage").verdict, Verdict::Pass);
}

#[test]
fn a_server_without_tls_cannot_be_judged_with_tls() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, Segments::Whole);
    assert_eq!(report.exit_code(), 3);
    let why = report.unjudgeable.expect("it is not judged");
    assert!(why.contains("does not speak TLS"), "{why}");
}

#[test]
fn a_certificate_that_is_not_the_pinned_one_is_refused() {
    let options = conformance::run::Options {
        settings: [("fingerprint".to_owned(), "00".repeat(32))].into(),
        ..options()
    };
    let suite = suite_over_tls(&[HELLO]);
    let address = serve(Ends::WithCloseNotify);
    let report = run_suite(&suite, address, &options).expect("the options name no case");
    assert_eq!(report.exit_code(), 3);
}
