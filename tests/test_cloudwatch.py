"""CloudWatch as boto3 sees it: three protocols, metrics, alarms, dashboards, pictures."""

import gzip
import json

import pytest

from harness.aws_errors import fails

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20250101/us-west-1/monitoring/aws4_request, "
    "SignedHeaders=host, Signature=00",
}
TARGET = "GraniteServiceVersion20100801"
BOTH = (
    "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive "
    "and you have specified both."
)


@pytest.fixture
def cloudwatch(cloud):
    return cloud.client("cloudwatch")


def alarm(**changes):
    return {
        "AlarmName": "a",
        "Namespace": "Test",
        "MetricName": "m",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 10,
        "ComparisonOperator": "GreaterThanThreshold",
        **changes,
    }


def test_a_mistake_is_told_in_each_protocol(cloud):
    form = {**SIGNED, "Content-Type": "application/x-www-form-urlencoded"}
    query = (
        "Action=PutMetricData&Version=2010-08-01&Namespace=X&MetricData.member.1.MetricName=m"
        "&MetricData.member.1.Value=1&MetricData.member.1.Values.member.1=1"
    ).encode()
    datum = {"MetricName": "m", "Value": 1, "Values": [1]}
    document = json.dumps({"Namespace": "X", "MetricData": [datum]}).encode()
    target = {
        **SIGNED,
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"{TARGET}.PutMetricData",
        "x-amzn-query-mode": "true",
    }
    for headers, body in [
        (form, query),
        ({**form, "Content-Encoding": "gzip"}, gzip.compress(query)),
        (target, document),
    ]:
        status, _, answer = cloud.http("POST", "/", body, headers)
        assert status == 400
        assert BOTH in answer.decode()


@pytest.mark.server(clock="paused")
def test_a_breach_raises_an_alarm_and_is_explained(cloud, cloudwatch):
    cloudwatch.put_metric_alarm(**alarm())
    cloudwatch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "m", "Value": 21.5}])
    cloud.lowcloud("clock", "step", "60s")
    shown = cloudwatch.describe_alarms()["MetricAlarms"][0]
    assert shown["StateValue"] == "ALARM"
    assert shown["StateReason"].startswith("Threshold Crossed: 1 datapoint [21.5 (")
    history = cloudwatch.describe_alarm_history(AlarmName="a")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "a" created',
    ]


def test_errors_have_the_codes_of_the_query_protocol(cloudwatch):
    with fails("ResourceNotFound", message="", status=404):
        cloudwatch.set_alarm_state(AlarmName="no", StateValue="OK", StateReason="because")
    with fails("InvalidParameterCombination", message=BOTH):
        cloudwatch.put_metric_data(
            Namespace="X", MetricData=[{"MetricName": "m", "Value": 1, "Values": [1.0]}]
        )
    with fails("ResourceNotFound", status=404):
        cloudwatch.get_dashboard(DashboardName="no")
    with fails("NotImplemented", status=501):
        cloudwatch.put_anomaly_detector(Namespace="X", MetricName="m", Stat="Average")


def test_a_widget_becomes_a_picture(cloudwatch):
    widget = json.dumps({"metrics": [["Test", "m"]], "title": "A picture"})
    image = cloudwatch.get_metric_widget_image(MetricWidget=widget)["MetricWidgetImage"]
    assert image.startswith(b"\x89PNG\r\n\x1a\n")


def test_a_large_body_may_be_compressed(cloudwatch):
    # botocore compresses bodies of PutMetricData above 10 KiB.
    data = [{"MetricName": f"m{n}", "Values": [float(v) for v in range(150)]} for n in range(100)]
    cloudwatch.put_metric_data(Namespace="Large", MetricData=data)
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace="Large")
    assert len(pages.build_full_result()["Metrics"]) == 100
