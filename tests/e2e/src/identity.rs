//! A certificate for this machine, from an authority that lives as long as a test.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

/// What a server needs to speak TLS, and its clients to believe it.
pub struct Identity(TempDir);

impl Default for Identity {
    /// Draws the keys of a new authority, and of the one server it vouches for.
    fn default() -> Self {
        let authority_key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "authority of a test");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority_itself = authority.self_signed(&authority_key).expect("a certificate");

        let key = KeyPair::generate().expect("a key");
        let names = ["127.0.0.1", "localhost"].map(str::to_owned);
        let mut server = CertificateParams::new(names).expect("names of this machine");
        server.distinguished_name.push(DnType::CommonName, "server of a test");
        server.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_params(&authority, &authority_key);
        let certificate = server.signed_by(&key, &issuer).expect("a certificate");

        let identity = Self(TempDir::with_prefix("codegrant-e2e-").expect("a temporary directory"));
        let write = |path, text| fs::write(path, text).expect("the file is written");
        write(identity.authority(), authority_itself.pem());
        write(identity.certificate(), certificate.pem());
        write(identity.key(), key.serialize_pem());
        identity
    }
}

impl Identity {
    /// The certificate that clients trust.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.0.path().join("authority.pem")
    }

    /// The server's certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.0.path().join("certificate.pem")
    }

    /// The server's private key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }
}
