# SPDX-License-Identifier: Apache-2.0
# Looks at the status pages of an agent and a drain with Chromium, which is spoken to over two pipes, and says in TAP what
# it sees at the width of a phone and of a desk, light and dark: browse.py PROGRAM DIRECTORY CHROMIUM
import base64, json, os, socket, subprocess, sys, time, urllib.request

program, work, chromium = sys.argv[1:4]
count = failed = 0


def ok(good, sentence, more=""):
    global count, failed
    count += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, sentence + ("" if good or not more else ": %s" % more)), flush=True)


class Browser:
    """The DevTools protocol: JSON texts that end with a zero byte, on descriptors 3 (to the browser) and 4 (from it)."""

    def __init__(self):
        to_browser, self.to = os.pipe()
        self.back, from_browser = os.pipe()
        script = 'exec "$@" 3<&%d 4>&%d' % (to_browser, from_browser)
        argv = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--user-data-dir=" + work + "/profile", "--remote-debugging-pipe"]
        self.process = subprocess.Popen(["bash", "-c", script, "bash"] + argv, pass_fds=(to_browser, from_browser),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.bytes, self.last, self.session, self.events = b"", 0, None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(domain + ".enable")

    def read(self):
        while b"\0" not in self.bytes:
            more = os.read(self.back, 1 << 16)
            if not more:
                sys.exit("Bail out! the browser has ended")
            self.bytes += more
        text, self.bytes = self.bytes.split(b"\0", 1)
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def ask(self, method, **params):
        self.last += 1
        request = {"id": self.last, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.read()
            if message.get("id") == self.last:
                if "error" in message:
                    sys.exit("Bail out! %s: %s" % (method, message["error"]["message"]))
                return message["result"]

    def open(self, url):
        self.events.clear()
        self.ask("Page.navigate", url=url)
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.read()

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    def requested(self):
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def complaints(self):
        return [e["params"]["entry"]["text"] for e in self.events if e["method"] == "Log.entryAdded"]

    def close(self):
        self.process.kill()
        self.process.wait()


# The least contrast between a text and what is behind it, as WCAG counts it, over the elements that have text.
CONTRAST = """(() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = rgb(c).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
                       return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c).length < 4 || rgb(c)[3] > 0) return c; }
                        return matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18,18,18)' : 'rgb(255,255,255)'; };
  let least = 99, where = '';
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < least) { least = contrast; where = e.tagName + '.' + e.className + ' ' + e.textContent; }
  }
  return [least, where]; })()"""
SCRIPT = """(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';
  document.body.append(s); const i = document.createElement('img'); i.src = 'http://192.0.2.1/x.png'; document.body.append(i);
  return window.ran === undefined; })()"""


def look(browser, name, url, width, height, scheme):
    what = "%s, %d px wide, %s" % (name, width, scheme)
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.open(url)
    asked = browser.requested()
    ok(all(u.startswith((url.rsplit("/", 1)[0] + "/status", "data:")) for u in asked), what + ": nothing is fetched from elsewhere", asked)
    ok(not browser.complaints(), what + ": the browser complains of nothing", browser.complaints())
    wide = browser.value("document.documentElement.scrollWidth")
    ok(wide <= width, what + ": nothing stands beside the screen", wide)
    ok(browser.value("getComputedStyle(document.querySelector('.state')).borderLeftStyle") == "solid", what + ": it has its style")
    least, where = browser.value(CONTRAST)
    ok(least >= 4.5, what + ": each text can be read", "%.1f of %s" % (least, where))
    drawn = browser.value("[...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect().height > 20 && s.getBoundingClientRect().width > 100)")
    ok(len(drawn) == 6 and all(drawn), what + ": six charts are drawn", drawn)
    small = browser.value("Math.min(...[...document.querySelectorAll('body *')].map(e => parseFloat(getComputedStyle(e).fontSize)))")
    ok(small >= 12, what + ": no text is smaller than 12 px", small)
    shot = browser.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
    open("%s/%s-%d-%s.png" % (work, name, width, scheme), "wb").write(base64.b64decode(shot))


def order(browser, url, wanted):
    browser.open(url)
    text = browser.value("document.body.innerText")
    at = [text.find(w) for w in wanted]
    ok(-1 not in at and at == sorted(at), "the page has, in this order: " + ", ".join(wanted), text)
    browser.events.clear()
    ok(browser.value(SCRIPT), "a script that got into the page does not run")
    browser.value("1")
    ok(any("Content Security Policy" in c for c in browser.complaints()), "and the browser says that the policy forbids it", browser.complaints())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, *options):
    port = free_port()
    process = subprocess.Popen([program, command, "--admin.http.host-port=127.0.0.1:%d" % port] + list(options),
                               stdout=subprocess.DEVNULL, stderr=open("%s/%s.log" % (work, command), "w"))
    url, deadline = "http://127.0.0.1:%d/status" % port, time.time() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return process, url
        except OSError:
            if process.poll() is not None or time.time() > deadline:
                sys.exit("Bail out! spanspool %s does not serve: %s" % (command, open("%s/%s.log" % (work, command)).read()[-500:]))
            time.sleep(0.05)


udp = free_port()
agent, agent_url = start("agent", "--spool.directory=" + work + "/spool", "--spool.min-free=0", "--collector.url=http://127.0.0.1:1",
                         "--http-server.host-port=none", "--processor.jaeger-compact.server-host-port=127.0.0.1:%d" % udp,
                         "--processor.jaeger-binary.server-host-port=none", "--processor.zipkin-compact.server-host-port=none")
drain, drain_url = start("drain", "--kafka.consumer.brokers=127.0.0.1:1", "--collector.url=http://127.0.0.1:1")
browser = Browser()
try:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"no batch", ("127.0.0.1", udp))
    deadline = time.time() + 30
    while b"malformed" not in urllib.request.urlopen(agent_url).read().split(b"<details>")[0] and time.time() < deadline:
        time.sleep(0.05)
    for scheme in ("light", "dark"):
        for width, height in ((360, 740), (1280, 900)):
            look(browser, "agent", agent_url, width, height, scheme)
            look(browser, "drain", drain_url, width, height, scheme)
    order(browser, agent_url, ["spanspool agent on", "Serving for", "Losses", "datagrams that were malformed", "spans accepted",
                               "The last hour", "spans lost a minute", "Health", "Way out", "Spool"])
    order(browser, drain_url, ["spanspool drain", "Losses", "Nothing was lost", "spans read", "The last hour",
                               "records lost to retention a minute", "Health", "Way in"])
finally:
    browser.close()
    for process in (agent, drain):
        process.terminate()
        process.wait()
print("1..%d" % count)
sys.exit(failed > 0)
