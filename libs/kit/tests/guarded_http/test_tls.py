"""TLS: the name in the URL is verified although a checked address is dialled."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from adreel_kit.guarded_http import GuardPolicy, Network, Unreachable, fetch
from adreel_kit.guarded_http.transport import default_ssl_context
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.216.34"


class SecureServer:
    """Serves `ok` over TLS with a certificate for files.example, and notes what it was asked for."""

    def __init__(self, certificate: Path) -> None:
        self.certificate = certificate
        self.names_asked: list[str | None] = []
        self.requests = 0
        self.port = 0

    async def start(self) -> asyncio.Server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate)
        context.sni_callback = lambda _socket, name, _context: self.names_asked.append(name)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.requests += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of files.example, made for this run."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "files.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("files.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "files.example.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
async def secure(certificate: Path) -> AsyncIterator[SecureServer]:
    server = SecureServer(certificate)
    running = await server.start()
    yield server
    running.close()


async def _get(host: str, server: SecureServer, context: ssl.SSLContext, policy: GuardPolicy, names, wires) -> int:  # type: ignore[no-untyped-def]
    async def discard(_chunk: bytes) -> None:
        return None

    network = Network(names({host: [[PUBLIC]]}), wires({PUBLIC: server.port}), context)
    return (await fetch(f"https://{host}/", discard, policy, network=network)).size


def _trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


async def test_the_name_of_the_url_is_asked_for_and_verified(secure, certificate, policy, names, wires) -> None:  # type: ignore[no-untyped-def]
    assert await _get("files.example", secure, _trusting(certificate), policy, names, wires) == 2
    assert secure.names_asked == ["files.example"]


async def test_a_certificate_for_another_name_is_refused(secure, certificate, policy, names, wires) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unreachable):
        await _get("other.example", secure, _trusting(certificate), policy, names, wires)
    assert secure.requests == 0


async def test_a_certificate_of_no_known_authority_is_refused(secure, policy, names, wires) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unreachable):
        await _get("files.example", secure, default_ssl_context(), policy, names, wires)
    assert secure.requests == 0


def test_the_default_verifies_and_ignores_the_environment(monkeypatch, certificate) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    default_ssl_context.cache_clear()
    context = default_ssl_context()
    default_ssl_context.cache_clear()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    issuers = [str(authority["subject"]) for authority in context.get_ca_certs()]
    assert not any("files.example" in issuer for issuer in issuers)
