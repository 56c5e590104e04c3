"""S3: buckets, objects, multipart uploads, checksums, lists, presigned and virtual-host requests."""

import base64
import hashlib
import os
import urllib.request

import pytest

from harness.aws_errors import fails
from harness.server import REGION

BUCKET = "some-bucket"
MIB = 1024 * 1024


@pytest.fixture
def bucket(s3):
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return BUCKET


def keys(answer):
    return [entry["Key"] for entry in answer.get("Contents", [])]


# --- buckets


def test_a_bucket_has_a_place_and_a_name_of_its_own(cloud, s3, bucket):
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION
    assert s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == REGION
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [bucket]
    with fails("BucketAlreadyOwnedByYou", status=409):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    with fails("BucketAlreadyExists", status=409):
        cloud.client("s3", key="999988887777", s3={"addressing_style": "path"}).create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    with fails("404", status=404):
        s3.head_bucket(Bucket="another-bucket")
    with fails("NoSuchBucket", "The specified bucket does not exist", status=404):
        s3.list_objects_v2(Bucket="another-bucket")
    with fails("InvalidBucketName"):
        s3.create_bucket(Bucket="UPPER", CreateBucketConfiguration={"LocationConstraint": REGION})


def test_us_east_1_has_no_location_constraint(cloud):
    s3 = cloud.client("s3", "us-east-1", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="east")
    assert s3.get_bucket_location(Bucket="east")["LocationConstraint"] is None
    # Only here is making one's own bucket again no error.
    s3.create_bucket(Bucket="east")


def test_only_an_empty_bucket_is_deleted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with fails("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    assert s3.list_buckets()["Buckets"] == []


# --- objects


def test_an_object_comes_back_with_its_headers(s3, bucket):
    put = s3.put_object(
        Bucket=bucket,
        Key="a b/ü+&.txt",
        Body=b"hello",
        ContentType="text/plain",
        CacheControl="no-store",
        Metadata={"colour": "red"},
    )
    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="a b/ü+&.txt")
    assert got["Body"].read() == b"hello"
    assert (got["ContentType"], got["CacheControl"]) == ("text/plain", "no-store")
    assert got["Metadata"] == {"colour": "red"} and got["ETag"] == put["ETag"]
    head = s3.head_object(Bucket=bucket, Key="a b/ü+&.txt")
    assert head["ContentLength"] == 5 and head["LastModified"] == got["LastModified"]
    with fails("NoSuchKey", "The specified key does not exist.", status=404):
        s3.get_object(Bucket=bucket, Key="nope")
    with fails("404", status=404):
        s3.head_object(Bucket=bucket, Key="nope")


@pytest.mark.parametrize(
    ("asked", "body", "shown"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_ranges_give_a_part(s3, bucket, asked, body, shown):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert (got["Body"].read(), got["ContentRange"]) == (body, shown)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    with fails("InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")


def test_conditions_hold_on_reading_and_writing(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"x"
    with fails("304", status=304):
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    with fails("PreconditionFailed", status=412):
        s3.get_object(Bucket=bucket, Key="k", IfMatch='"other"')
    with fails("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_copies_take_or_replace_metadata(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", Metadata={"m": "1"})
    copy = s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    assert copy["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"x").hexdigest()}"'
    assert s3.head_object(Bucket=bucket, Key="b")["Metadata"] == {"m": "1"}
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/a", MetadataDirective="REPLACE", Metadata={"m": "2"})
    assert s3.head_object(Bucket=bucket, Key="c")["Metadata"] == {"m": "2"}
    with fails("NoSuchKey", status=404):
        s3.copy_object(Bucket=bucket, Key="d", CopySource=f"{bucket}/nope")


def test_lists_page_and_fold(s3, bucket):
    names = ["a/1", "a/2", "b/1", "c", "d é"]
    for name in names:
        s3.put_object(Bucket=bucket, Key=name, Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [k for page in pages for k in keys(page)] == names
    folded = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in folded["CommonPrefixes"]] == ["a/", "b/"]
    assert keys(folded) == ["c", "d é"] and folded["KeyCount"] == 4
    assert keys(s3.list_objects_v2(Bucket=bucket, Prefix="a/", StartAfter="a/1")) == ["a/2"]
    old = s3.list_objects(Bucket=bucket, MaxKeys=3)
    assert keys(old) == names[:3] and old["IsTruncated"]
    assert keys(s3.list_objects(Bucket=bucket, Marker="b/1")) == names[3:]


def test_many_objects_are_deleted_at_once(s3, bucket):
    for name in "abc":
        s3.put_object(Bucket=bucket, Key=name, Body=b"")
    objects = [{"Key": "a"}, {"Key": "b"}, {"Key": "nope"}]
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})["Deleted"]
    assert sorted(d["Key"] for d in deleted) == ["a", "b", "nope"]
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_tags_are_kept_and_counted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1&b=2")
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": "3"}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    with fails("NoSuchTagSet", status=404):
        s3.get_bucket_tagging(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "d", "Value": "4"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "d", "Value": "4"}]


# --- integrity


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_kept_and_verified(s3, bucket, algorithm):
    member = f"Checksum{algorithm}"
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[member] == put[member]
    if algorithm != "CRC32":
        digest = hashlib.new(algorithm.lower(), b"hello").digest()
        assert put[member] == base64.b64encode(digest).decode()
    with fails({"BadDigest", "InvalidRequest"}):
        s3.put_object(Bucket=bucket, Key="bad", Body=b"hello", **{member: base64.b64encode(b"\0" * 20).decode()})
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["k"]


def test_a_wrong_md5_is_refused(s3, bucket):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    with fails("BadDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ContentMD5=wrong)
    with fails("InvalidDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ContentMD5="nonsense")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_stream_with_a_trailing_checksum_is_stored_without_its_framing(s3, bucket, tmp_path):
    # botocore sends files as aws-chunked with the checksum behind the body.
    path = tmp_path / "body"
    path.write_bytes(os.urandom(300_000))
    with path.open("rb") as body:
        s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm="SHA256")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == path.read_bytes() and got["ContentLength"] == 300_000
    assert "ContentEncoding" not in got


# --- multipart


def test_parts_become_one_object(s3, bucket):
    parts = [os.urandom(5 * MIB), os.urandom(5 * MIB), b"end"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", Metadata={"m": "1"})["UploadId"]
    where = {"Bucket": bucket, "Key": "big", "UploadId": upload}
    done = []
    for number, body in enumerate(parts, 1):
        etag = s3.upload_part(**where, PartNumber=number, Body=body)["ETag"]
        done.append({"PartNumber": number, "ETag": etag})
    assert [p["PartNumber"] for p in s3.list_parts(**where)["Parts"]] == [1, 2, 3]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["big"]
    with fails("InvalidPartOrder"):
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [done[1], done[0], done[2]]})
    etag = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done})["ETag"]
    digests = b"".join(hashlib.md5(body).digest() for body in parts)
    assert etag == f'"{hashlib.md5(digests).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["Body"].read() == b"".join(parts) and got["Metadata"] == {"m": "1"}
    with fails("NoSuchUpload", status=404):
        s3.list_parts(**where)


def test_small_parts_and_aborted_uploads(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    done = [{"PartNumber": n, "ETag": s3.upload_part(**where, PartNumber=n, Body=b"small")["ETag"]} for n in (1, 2)]
    with fails("EntityTooSmall"):
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done})
    s3.abort_multipart_upload(**where)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_large_files_go_up_and_down_in_parts(s3, bucket, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(20 * MIB))
    s3.upload_file(str(source), bucket, "file")
    s3.download_file(bucket, "file", str(target))
    assert target.read_bytes() == source.read_bytes()


def test_large_bodies_do_not_stay_in_memory(cloud, s3, bucket, tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(200 * MIB)
    with path.open("rb") as body:
        s3.put_object(Bucket=bucket, Key="large", Body=body)
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == 200 * MIB
    assert cloud.resident_kib() < 100 * 1024


# --- ways to ask


def test_presigned_urls_read_and_write(s3, bucket):
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    request = urllib.request.Request(put, b"hello", {"Content-Type": "text/plain"}, method="PUT")
    assert urllib.request.urlopen(request, timeout=10).status == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert urllib.request.urlopen(get, timeout=10).read() == b"hello"


@pytest.mark.parametrize("host", [f"{BUCKET}.s3.{REGION}.amazonaws.com", f"{BUCKET}.s3.amazonaws.com"])
def test_the_bucket_may_be_in_the_host(cloud, s3, bucket, host):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}).split("?", 1)[1]
    status, _, body = cloud.http("GET", f"/k?{signed}", headers={"Host": host})
    assert (status, body) == (200, b"hello")


def test_virtual_host_style_works_on_a_local_name(cloud, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}).split("?", 1)[1]
    status, _, body = cloud.http("GET", f"/k?{signed}", headers={"Host": f"{bucket}.localhost:{cloud.port}"})
    assert (status, body) == (200, b"hello")


def test_the_cli_synchronises_a_folder(cloud, bucket, tmp_path):
    folder, back = tmp_path / "there", tmp_path / "back"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b.txt").write_text("b")
    cloud.aws("s3", "sync", folder, f"s3://{bucket}/x", text=True)
    cloud.aws("s3", "sync", f"s3://{bucket}/x", back, text=True)
    assert (back / "deep" / "b.txt").read_text() == "b"
    cloud.aws("s3", "rb", f"s3://{bucket}", "--force", text=True)
    assert cloud.aws("s3api", "list-buckets")["Buckets"] == []
