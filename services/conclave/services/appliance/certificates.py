"""The local certificate authority and the gateway's certificate."""

from __future__ import annotations

import datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["authority_for", "fingerprint", "generate_key", "needs_renewal", "server_certificate_for", "to_pem"]

AUTHORITY_LIFE = datetime.timedelta(days=3650)
# Browsers refuse certificates that live much longer.
SERVER_LIFE = datetime.timedelta(days=397)
RENEW_BEFORE = datetime.timedelta(days=30)
# Clocks of clients may be a little behind.
BACKDATED = datetime.timedelta(hours=1)


def generate_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A key as PKCS #8 PEM. Secret."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def authority_for(key: ec.EllipticCurvePrivateKey, name: str, now: datetime.datetime) -> x509.Certificate:
    """A certificate authority that signs server certificates and nothing below itself (RFC 5280 section 4.2)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, subject, key.public_key(), now, AUTHORITY_LIFE)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def server_certificate_for(
    key: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    """A TLS server certificate for IP addresses and host names; names: in any order, without doubles."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Conclave gateway")])
    builder = _builder(subject, authority.subject, key.public_key(), now, SERVER_LIFE)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(issuer_key, critical=False)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
    )
    return builder.sign(authority_key, hashes.SHA256())


def needs_renewal(
    certificate: x509.Certificate, names: tuple[str, ...], authority: x509.Certificate, now: datetime.datetime
) -> bool:
    """Whether a certificate soon ends, lacks a name, or was signed by an authority of before."""
    covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    expected = x509.AuthorityKeyIdentifier.from_issuer_public_key(_public_key(authority))
    issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ends = certificate.not_valid_after_utc - RENEW_BEFORE <= now
    return ends or issuer != expected or any(_general_name(name) not in covered for name in names)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate as browsers show it: upper-case pairs with colons."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    life: datetime.timedelta,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer, subject, public_key, x509.random_serial_number())
    builder = builder.not_valid_before(now - BACKDATED).not_valid_after(now - BACKDATED + life)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def _public_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey), "the authority was made by generate_key()"
    return key


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
