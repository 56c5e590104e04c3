"""`--serve-load-balancers`: real requests through simulated load balancers to real services."""

import http.server
import json
import threading
import urllib.error
import urllib.request

import pytest

from harness.polling import eventually


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with its own name and what it was sent."""

    def do_GET(self):
        body = json.dumps({"by": self.server.name, "path": self.path, "headers": dict(self.headers)})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    """A function that starts a web service of this name; its port."""
    servers = []

    def start(name):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.name = name
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def get(url, **headers):
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


@pytest.mark.server(serve_load_balancers=True)
def test_a_load_balancer_forwards_by_its_rules(cloud, service):
    ec2, elb = cloud.client("ec2"), cloud.client("elbv2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]]

    def group(name, ports):
        made = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
        arn = made["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "127.0.0.1", "Port": p} for p in ports])
        return arn

    web, api = group("web", [service("web1"), service("web2")]), group("api", [service("api")])
    balancer = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": web}],
    )["Listeners"][0]["ListenerArn"]

    def rule(priority, path, action):
        condition = {"Field": "path-pattern", "Values": [path]}
        elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=[condition], Actions=[action])

    rule(1, "/api/*", {"Type": "forward", "TargetGroupArn": api})
    rule(2, "/old", {"Type": "redirect", "RedirectConfig": {"Path": "/new", "StatusCode": "HTTP_301"}})
    fixed = {"StatusCode": "418", "ContentType": "text/plain", "MessageBody": "tea"}
    rule(3, "/tea", {"Type": "fixed-response", "FixedResponseConfig": fixed})

    def opened():
        listed = json.loads(cloud.http("GET", "/_lowcloud/load-balancers")[2])["listeners"]
        return next((one for one in listed if one["listener"] == listener), None)

    url = eventually(opened)["url"]
    assert url.startswith("http://127.0.0.1:")
    status, _, body = get(f"{url}/a?b=c")
    seen = json.loads(body)
    assert (status, seen["path"]) == (200, "/a?b=c")
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert seen["headers"]["x-forwarded-port"] == "80"
    assert {json.loads(get(url)[2])["by"] for _ in range(6)} == {"web1", "web2"}
    assert json.loads(get(f"{url}/api/x")[2])["by"] == "api"
    status, headers, _ = get(f"{url}/old?x=1", Host="front.example")
    assert (status, headers["location"]) == (301, "http://front.example:80/new?x=1")
    status, headers, body = get(f"{url}/tea")
    assert (status, headers["content-type"], body) == (418, "text/plain", "tea")
    elb.delete_listener(ListenerArn=listener)
    eventually(lambda: opened() is None)


def test_without_the_flag_nothing_listens(cloud):
    assert json.loads(cloud.http("GET", "/_lowcloud/load-balancers")[2]) == {"listeners": []}
