"""One lowcloud server process and the clients that talk to it."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

from .polling import eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("LOWCLOUD_BINARY", ROOT / "target" / "release" / "lowcloud"))
AWS_CLI = pathlib.Path(sys.executable).with_name("aws")
ACCOUNT = "123456789012"
REGION = "us-west-1"
START_SECONDS = 15

# One session for all clients of a test process: it keeps the parsed service models.
SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")


class CliError(Exception):
    """The aws or lowcloud command line ended with an exit code other than 0."""

    def __init__(self, args, code, stdout, stderr):
        super().__init__(f"{' '.join(map(str, args))}\nexit code {code}\n{stdout}\n{stderr}")
        self.code, self.stdout, self.stderr = code, stdout, stderr


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def clean_environment():
    """This process's environment without anything that could change a client or a server."""
    foreign = ("AWS_", "LOWCLOUD_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


class Server:
    """`lowcloud serve` on a free port. Flags are keyword arguments: `data_dir=…`, `clock=…`."""

    def __init__(self, log, pace="instant", seed=1, **flags):
        self.log = pathlib.Path(log)
        self.pace = pace
        self.flags = {"pace": pace, "seed": seed, "account": ACCOUNT, **flags}
        self.port = free_port()
        self.process = None
        self.extra_environment = {}

    # --- the process

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self):
        words = [str(BINARY), "serve", "--listen", f"127.0.0.1:{self.port}"]
        for name, value in self.flags.items():
            flag = "--" + name.replace("_", "-")
            words += [flag] if value is True else [flag, str(value)]
        return words

    def spawn(self):
        """Starts the process without waiting for it to answer."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment() | self.extra_environment,
            )
        return self

    def start(self):
        self.spawn()
        eventually(self._answers, START_SECONDS, every=0.01, what="the server's health")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.output()}")
        try:
            return self.http("GET", "/_lowcloud/health")[0] == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def output(self):
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self):
        """Asks the process to end and returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait(10)

    # --- plain HTTP

    def http(self, method, path, body=None, headers=None, timeout=30):
        """(status, headers, body) of a plain request; error statuses are answers as well."""
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(self.endpoint + path, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def coverage(self):
        return json.loads(self.http("GET", "/_lowcloud/coverage")[2])["services"]

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    # --- clients

    def environment(self, region=REGION):
        """What any AWS client needs, and nothing that reaches elsewhere."""
        return clean_environment() | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service, region=REGION, key="test", **config):
        """A boto3 client that neither retries nor waits long."""
        settings = {"retries": {"max_attempts": 0}, "connect_timeout": 5, "read_timeout": 60}
        return SESSION.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key="test",
            config=Config(**(settings | config)),
        )

    def aws(self, *words, region=REGION, program=AWS_CLI, text=False):
        """Runs the aws CLI; returns its parsed JSON (or its text, or None when it is silent)."""
        output = [] if text else ["--output", "json"]
        out = self._run([program, *words, *output], self.environment(region))
        if text or not out.strip():
            return out.strip() or None
        return json.loads(out)

    def aws_error(self, *words, **options):
        """The message of an aws CLI call that must fail."""
        try:
            answer = self.aws(*words, **options)
        except CliError as error:
            return error.stderr.strip()
        raise AssertionError(f"aws {' '.join(map(str, words))} succeeded: {answer}")

    def lowcloud(self, *words):
        """Runs a lowcloud subcommand against this server; returns what it prints."""
        environment = clean_environment() | {"LOWCLOUD_ENDPOINT": self.endpoint}
        return self._run([BINARY, *words], environment)

    @staticmethod
    def _run(words, environment):
        done = subprocess.run(
            [str(word) for word in words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise CliError(words, done.returncode, done.stdout, done.stderr)
        return done.stdout


def started(log, seconds=0, **flags):
    """A server that answers."""
    server = Server(log, **flags)
    try:
        server.start()
    except BaseException:
        server.stop()
        raise
    if seconds:
        time.sleep(seconds)
    return server
