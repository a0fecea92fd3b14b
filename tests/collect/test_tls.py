"""Over TLS the certificate is checked against the name, although an address is connected to."""

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.collect.http import Client
from pipeline.records import Reason, Rejected
from tests.collect.fault_server import FaultServer, picture

WHY = "needs the package cryptography, which DVC brings, to make a certificate"
x509 = pytest.importorskip("cryptography.x509", reason=WHY)
hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
NO_TLS = Rejected(reason=Reason.UNREACHABLE, detail="no valid TLS")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a key and a certificate for pics.example that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pics.example")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pics.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(encoding, form, plain) + made.public_bytes(encoding))
    return path


@pytest.fixture
def names_asked(server: FaultServer, certificate: Path) -> list[str]:
    """Put the server behind TLS; the list fills with the names that clients ask for."""
    asked: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    return asked


@pytest.fixture
def fetch(
    server: FaultServer,
    names_asked: list[str],  # noqa: ARG001 - the server is behind TLS
    make_limits: Callable,
    make_client: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., bytes | Rejected]:
    """Fetch a picture from a name that resolves to the server."""

    def run(host: str, *, trusted: Path | None) -> bytes | Rejected:
        port = server.server_port
        client = make_client(
            make_limits(allow_hosts=[host], retries=0),
            resolve=lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))],
        )
        if trusted:
            monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(trusted))
        return client.fetch(f"https://{host}:{port}/ok/1.jpg")

    return run


def test_the_name_is_sent_and_checked(fetch, certificate: Path, names_asked: list[str]):
    """A host whose certificate carries its name is fetched from; SNI names it."""
    assert picture(1) == fetch("pics.example", trusted=certificate)
    assert ["pics.example"] == names_asked


def test_another_name_is_refused(fetch, certificate: Path):
    """A certificate for somebody else is none."""
    assert NO_TLS == fetch("other.example", trusted=certificate)


def test_an_unknown_issuer_is_refused(fetch):
    """A certificate that nobody vouches for is none."""
    assert NO_TLS == fetch("pics.example", trusted=None)
