"""Chromium trusts the local CA and shows a page without a warning, over HTTP/2 and HTTP/3."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support import websocket
from support.name_servers import KEY_NAME, NameServer
from support.server import run_command
from support.upstream import Upstream
from support.wait import PATIENCE

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gate443"
MODULES = Path(os.environ.get("GATE443_NODE_MODULES", CACHE / "node" / "node_modules"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

SCRIPT = """
const { chromium } = require('playwright-core');
(async () => {
  const [url, profile, program, picture, ...more] = process.argv.slice(2);
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: program, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...more] });
  const page = await browser.newPage();
  const problems = [];
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  const response = await page.goto(url, { timeout: 60000 });
  await page.waitForFunction("document.querySelector('p').textContent");
  const facts = {
    status: response.status(), text: await page.textContent('p'), title: await page.title(), problems,
    secure: await page.evaluate('isSecureContext'),
    protocol: await page.evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol'),
    security: await response.securityDetails() };
  await page.screenshot({ path: picture });
  console.log(JSON.stringify(facts));
  await browser.close();
})().catch((error) => { console.error(String(error)); process.exit(1); });
"""


pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed: ./dev setup test installs it"),
    pytest.mark.skipif(not (MODULES / "playwright-core").exists(),
                       reason=f"playwright-core is not in {MODULES}: ./dev setup test")]

def look_at(server, tmp_path, protocol, host="localhost"):
    """What Chromium finds of the first page of a host, which has a paragraph with some text in the end."""
    home = tmp_path / "home"
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for arguments in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "gate443", "-i", str(server.authority_file)]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *arguments], check=True, capture_output=True,
                       timeout=3 * PATIENCE)
    script = tmp_path / "page.js"
    script.write_text(SCRIPT)
    # Of its own accord it takes HTTP/3 only from servers with a publicly trusted certificate; told to, it tries the first
    # address of a name alone.
    quic = [f"--origin-to-force-quic-on=localhost:{server.https}", "--host-resolver-rules=MAP localhost 127.0.0.1"]
    done = subprocess.run(
        ["node", script, f"https://{host}:{server.https}/", tmp_path / "profile", CHROMIUM, tmp_path / "page.png",
         *(quic if protocol == "h3" else [])],
        env={**os.environ, "HOME": str(home), "NODE_PATH": str(MODULES)}, capture_output=True, text=True,
        timeout=6 * PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("wire, protocol, security", [("HTTP/2", "h2", "TLS 1.3"), ("HTTP/3", "h3", "QUIC")])
def test_page_loads_without_a_warning(start, www, tmp_path, wire, protocol, security):
    (www / "style.css").write_text("p { color: green }")
    (www / "index.html").write_text(
        '<!doctype html><title>Home</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"><p>Hello')
    server = start(f"site localhost {{\n files {www}\n}}\n")
    facts = look_at(server, tmp_path, protocol)
    assert (facts["status"], facts["title"], facts["text"]) == (200, "Home", "Hello")
    assert facts["protocol"] == protocol
    assert facts["secure"] is True
    assert facts["problems"] == []
    assert facts["security"]["protocol"] == security
    assert "localhost" in facts["security"]["subjectName"] or facts["security"]["issuer"]
    assert (tmp_path / "page.png").stat().st_size > 1000
    lines = server.wait_for_access(lambda r: r["path"] == "/style.css")
    assert lines[0]["protocol"] == wire


def test_a_name_is_asked_for_encrypted(start, tmp_path):
    page = '"<!doctype html><title>Home</title><link rel=icon href=data:,><p>Hello"'
    # Chromium reads HTTPS records over DNS over HTTPS only, which the server in question gives it.
    with NameServer(tmp_path / "named", {"ech.test": ["secret IN A 127.0.0.1"]}, policy=f"grant {KEY_NAME} zonesub HTTPS;") as names:
        server = start(f"""
ech cover.ech.test
site cover.ech.test {{
  respond 200 cover
}}
site secret.ech.test {{
  respond 200 {page} {{
    type text/html
  }}
}}
site localhost {{
  proxy /dns-query h2c://127.0.0.1:{names.http_port}
}}
""")
        said = run_command("ech", "record", "secret.ech.test", "--admin", server.state / "admin.sock").stdout
        # RFC 9460 9.1: where the port is not 443. A target "." would be this long name.
        record = said.strip().replace("secret.ech.test. 300 IN HTTPS 1 .",
                                      f"_{server.https}._https.secret.ech.test. 300 HTTPS 1 secret.ech.test.")
        subprocess.run(["nsupdate", "-k", names.key], text=True, check=True,
                       input=f"server 127.0.0.1 {names.port}\nzone ech.test\nupdate add {record}\nsend\n")
        profile = tmp_path / "profile"
        profile.mkdir()
        (profile / "Local State").write_text(json.dumps({"dns_over_https": {
            "mode": "secure", "templates": f"https://localhost:{server.https}/dns-query"}}))
        facts = look_at(server, tmp_path, "h2", "secret.ech.test")
        assert facts["text"] == "Hello"
        line = server.wait_for_access(lambda r: r["host"] == "secret.ech.test")[0]
        assert line["tls"]["ech"] is True, line


@pytest.mark.parametrize("http2", ["on", "off"])
def test_a_websocket_speaks_through_the_proxy(start, www, tmp_path, http2):
    (www / "index.html").write_text("""<!doctype html><title>Home</title><link rel="icon" href="data:,"><p></p><script>
        const socket = new WebSocket(`wss://${location.host}/echo`);
        let heard = "";
        socket.onopen = () => { for (const text of ["one ", "two ", "three"]) socket.send(text); };
        socket.onmessage = (message) => { heard += message.data; if (heard.endsWith("three")) socket.close(1000); };
        socket.onclose = (event) => { document.querySelector("p").textContent = `${heard} ${event.code}`; };
    </script>""")
    upstream = Upstream(websocket.echo)
    server = start(
        f"site localhost {{\n http2 {http2}\n security off\n proxy /echo {upstream.address}\n files {www}\n}}\n")
    facts = look_at(server, tmp_path, "h2")
    assert facts["text"] == "one two three 1000"
    assert facts["problems"] == []
    line = server.wait_for_access(lambda r: r["path"] == "/echo")[0]
    assert (line["protocol"], line["status"]) == (("HTTP/2", 200) if http2 == "on" else ("HTTP/1.1", 101))
    upstream.close()
