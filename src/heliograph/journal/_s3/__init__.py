"""Blobs in S3-compatible object storage; needs the extra ``s3``."""

from heliograph.journal._s3._bucket import S3Bucket, S3Login

__all__ = ["S3Bucket", "S3Login"]
